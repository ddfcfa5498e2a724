#include "plain.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include <mobivate/build_url.hpp>
#include <mobivate/version.hpp>

namespace benchmark::plain {

namespace {

void check(CURLcode code) {
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
}

void check(CURLMcode code) {
  if (code != CURLM_OK) throw std::runtime_error(curl_multi_strerror(code));
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  check((curl_easy_setopt)(easy, option, value));
}

}  // namespace

Fields header_fields() {
  const std::string agent = "User-Agent: mobivate-cpp/" + std::string(mobivate::version);
  curl_slist* fields = curl_slist_append(nullptr, "Content-Type: application/json");
  fields = curl_slist_append(fields, "Accept: application/json");
  fields = curl_slist_append(fields, agent.c_str());
  return Fields(fields);
}

Supply<std::string> ready_urls(const std::string& base_url) {
  return Supply<std::string>([&](std::size_t number) {
    return mobivate::build_url(base_url, account_id, api_key, request(number));
  });
}

Transfer::Transfer(const Server& server, curl_slist* fields) : easy_(curl_easy_init()) {
  CURL* const easy = easy_.get();
  set(easy, CURLOPT_HTTPHEADER, fields);
  set(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(easy, CURLOPT_WRITEDATA, &body_);
  set(easy, CURLOPT_PRIVATE, this);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, 5'000L);
  set(easy, CURLOPT_TIMEOUT_MS, 15'000L);
  set(easy, CURLOPT_ACCEPT_ENCODING, "");
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  if (server.http2) set(easy, CURLOPT_PIPEWAIT, 1L);
  set(easy, CURLOPT_CAINFO, server.certificate.c_str());
  set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

void Transfer::prepare(const std::string& url) {
  body_.clear();
  set(handle(), CURLOPT_URL, url.c_str());
}

void Transfer::finish(CURLcode code) const {
  check(code);
  constexpr std::string_view success{"{\"200\""};
  long status = 0;
  curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200 || body_.compare(0, success.size(), success) != 0) {
    throw std::runtime_error("refused: " + body_);
  }
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

EasyLoop::EasyLoop(const Server& server)
    : urls_(ready_urls(server.base_url)),
      fields_(header_fields()),
      transfer_(server, fields_.get()) {}

void EasyLoop::run(std::size_t requests) {
  for (std::size_t done = 0; done < requests; ++done) {
    transfer_.prepare(urls_.next());
    transfer_.finish(curl_easy_perform(transfer_.handle()));
  }
}

MultiLoop::MultiLoop(const Server& server, std::size_t in_flight)
    : urls_(ready_urls(server.base_url)), fields_(header_fields()), multi_(curl_multi_init()) {
  for (std::size_t i = 0; i < in_flight; ++i) transfers_.emplace_back(server, fields_.get());
}

void MultiLoop::run(std::size_t requests) {
  std::size_t started = std::min(requests, transfers_.size());
  for (std::size_t i = 0; i < started; ++i) start(transfers_[i]);
  std::size_t done = 0;
  while (true) {
    int running = 0;
    check(curl_multi_perform(multi_.get(), &running));
    while (Transfer* const transfer = take_finished()) {
      ++done;
      if (started == requests) continue;
      start(*transfer);
      ++started;
    }
    if (done == requests) return;
    check(curl_multi_poll(multi_.get(), nullptr, 0, 1'000, nullptr));
  }
}

void MultiLoop::start(Transfer& transfer) {
  transfer.prepare(urls_.next());
  check(curl_multi_add_handle(multi_.get(), transfer.handle()));
}

Transfer* MultiLoop::take_finished() {
  int left = 0;
  const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left);
  if (message == nullptr) return nullptr;
  const CURLcode code = message->data.result;
  CURL* const easy = message->easy_handle;
  Transfer* transfer = nullptr;
  check(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer));
  check(curl_multi_remove_handle(multi_.get(), easy));
  transfer->finish(code);
  return transfer;
}

}  // namespace benchmark::plain
