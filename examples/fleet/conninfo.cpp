#include "conninfo.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

#include <libpq-fe.h>

namespace fleet {

namespace {

struct Default {
  const char* keyword;
  const char* value;
  const char* variable;  // that libpq reads; null: none
};

constexpr std::array<Default, 7> defaults{
    {{"target_session_attrs", "read-write", "PGTARGETSESSIONATTRS"},
     {"connect_timeout", "5", "PGCONNECT_TIMEOUT"},
     {"keepalives", "1", nullptr},
     {"keepalives_idle", "10", nullptr},
     {"keepalives_interval", "3", nullptr},
     {"tcp_user_timeout", "15000", nullptr},
     {"application_name", "fleet_unsubscribe", "PGAPPNAME"}}};

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// Returns the keywords that the user gave a value.
std::set<std::string> given(const Options& options) {
  std::set<std::string> names;
  for (const auto* it = options.get(); it != nullptr && it->keyword != nullptr; ++it) {
    if (it->val != nullptr) names.insert(it->keyword);
  }
  return names;
}

Options parsed(const std::string& conninfo) {
  char* problem = nullptr;
  Options options(PQconninfoParse(conninfo.c_str(), &problem), PQconninfoFree);
  PQfreemem(problem);  // it may quote a password
  if (!options) {
    throw std::invalid_argument(
        "--database is neither a list like \"host=db.example dbname=stops\" nor a URL like "
        "postgresql://db.example/stops: correct it");
  }
  return options;
}

/// Returns what is not set by the user: neither in `conninfo`, nor in a service, nor in the
/// environment.
std::vector<Default> defaults_for(const std::string& conninfo) {
  std::set<std::string> names;
  if (!conninfo.empty()) {
    const Options options = parsed(conninfo);
    names = given(options);
    for (const auto* it = options.get(); it->keyword != nullptr; ++it) {
      const bool is_service = std::strcmp(it->keyword, "service") == 0 && it->val != nullptr;
      if (is_service) ::setenv("PGSERVICE", it->val, 1);
    }
  }
  const Options all(PQconndefaults(), PQconninfoFree);
  std::vector<Default> missing;
  for (const Default& it : defaults) {
    bool is_set = names.count(it.keyword) > 0 ||
                  (it.variable != nullptr && std::getenv(it.variable) != nullptr);
    for (const auto* option = all.get(); option != nullptr && option->keyword != nullptr;
         ++option) {
      const bool by_service = std::strcmp(option->keyword, it.keyword) == 0 &&
                              option->val != nullptr && option->compiled == nullptr;
      is_set = is_set || by_service;
    }
    if (!is_set) missing.push_back(it);
  }
  return missing;
}

}  // namespace

void check_conninfo(const std::string& conninfo) {
  static_cast<void>(parsed(conninfo));
}

pg_conn* connect(const std::string& conninfo) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const Default& it : defaults_for(conninfo)) {
    keywords.push_back(it.keyword);
    values.push_back(it.value);
  }
  if (!conninfo.empty()) {
    keywords.push_back("dbname");  // libpq expands it
    values.push_back(conninfo.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectdbParams(keywords.data(), values.data(), 1);
}

}  // namespace fleet
