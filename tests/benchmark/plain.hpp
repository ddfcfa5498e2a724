#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include <curl/curl.h>

#include "server.hpp"
#include "subscribers.hpp"

/// What one writes by hand with libcurl: URLs that are ready-made, the same header fields, timeouts
/// and TLS checks as the library's, the body collected and compared with what is expected.
namespace benchmark::plain {

struct Cleanup {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
struct MultiCleanup {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
using Fields = std::unique_ptr<curl_slist, Cleanup>;

Fields header_fields();
Supply<std::string> ready_urls(const std::string& base_url);

/// An easy handle, set up once and used again and again.
class Transfer {
 public:
  Transfer(const Server& server, curl_slist* fields);

  [[nodiscard]] CURL* handle() const noexcept { return easy_.get(); }
  void prepare(const std::string& url);
  /// Throws unless the answer is a success.
  void finish(CURLcode code) const;

  ~Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  Transfer(Transfer&&) = delete;
  Transfer& operator=(Transfer&&) = delete;

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* body);

  std::unique_ptr<CURL, Cleanup> easy_;
  std::string body_;
};

/// `curl_easy_perform` on one handle.
class EasyLoop {
 public:
  explicit EasyLoop(const Server& server);
  void run(std::size_t requests);

 private:
  Supply<std::string> urls_;
  Fields fields_;
  Transfer transfer_;
};

/// `curl_multi_perform` and `curl_multi_poll` on as many handles as are in flight.
class MultiLoop {
 public:
  MultiLoop(const Server& server, std::size_t in_flight);
  void run(std::size_t requests);

 private:
  void start(Transfer& transfer);
  Transfer* take_finished();

  Supply<std::string> urls_;
  Fields fields_;
  std::unique_ptr<CURLM, MultiCleanup> multi_;
  std::deque<Transfer> transfers_;
};

}  // namespace benchmark::plain
