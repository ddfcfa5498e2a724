#pragma once

#include <string>

#include <mobivate/unsubscribe_request.hpp>

/// Returns a stop for one subscriber of the local gateway. Use the values of your own service.
inline mobivate::UnsubscribeRequest sample_request(const std::string& destination) {
  mobivate::UnsubscribeRequest request;
  request.source = 12345;
  request.destination = destination;
  request.keyword = "mv-100620006";
  request.amount = 100;
  request.provider = "safaricom";
  request.reference = "closed-" + destination;
  return request;
}
