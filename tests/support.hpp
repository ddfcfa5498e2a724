#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include <mobivate/doi_client.hpp>
#include <mobivate/testing/mock_transport.hpp>

namespace support {

/// The account of the gateway's own documentation.
inline const std::string account_id = "43e36f50aaf111e272639171000000a9";
inline const std::string api_key = "3b41d767316541bacef19d1382ac1e12";

/// The NDOI page's own example.
inline mobivate::UnsubscribeRequest ndoi_request() {
  mobivate::UnsubscribeRequest request;
  request.source = 12345;
  request.destination = "XX7432104492";
  request.keyword = "mv-100620006";
  request.amount = 100;
  request.frequency = 7;
  request.campaign = "Test";
  request.provider = "safaricom";
  request.reference = "ABC1234";
  return request;
}

/// The Kenya page's own example.
inline mobivate::UnsubscribeRequest kenya_request() {
  mobivate::UnsubscribeRequest request;
  request.source = 12345;
  request.destination = "XX7432104492";
  request.keyword = "mv-100620006";
  request.frequency = 7;
  request.campaign = "TestCampaign";
  request.reference = "MyRef";
  request.stop = mobivate::Stop::one;
  return request;
}

inline mobivate::ClientOptions options(std::string base_url = "https://hostname") {
  mobivate::ClientOptions options;
  options.base_url = std::move(base_url);
  options.account_id = account_id;
  options.api_key = mobivate::Secret(api_key);
  return options;
}

inline mobivate::ClientOptions without_retries(mobivate::ClientOptions options) {
  options.retry.max_attempts = 1;
  return options;
}

/// A file that is gone when the test ends.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_((std::filesystem::temp_directory_path() /
               ("mobivate-test-" + std::to_string(std::random_device()())))
                  .string()) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::shared_ptr<mobivate::CurlTransport> trusting(const std::string& ca_bundle) {
  mobivate::CurlOptions options;
  options.ca_bundle = ca_bundle;
  return std::make_shared<mobivate::CurlTransport>(options);
}

inline std::shared_ptr<mobivate::testing::MockTransport> mock() {
  return std::make_shared<mobivate::testing::MockTransport>();
}

}  // namespace support
