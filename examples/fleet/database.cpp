#include "database.hpp"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>

#include <poll.h>

#include <libpq-fe.h>

#include "conninfo.hpp"

namespace fleet {

namespace {

void take_notice(void* warning, const PGresult* result) {
  const char* const severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity == nullptr || std::strcmp(severity, "WARNING") != 0) return;
  const char* const message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  *static_cast<std::string*>(warning) = message == nullptr ? "a warning" : message;
}

/// Returns libpq's words on one line.
std::string one_line(const char* text) {
  std::string line;
  for (const char* it = text; *it != '\0'; ++it) {
    const auto c = static_cast<unsigned char>(*it);
    if (*it == '\n' || *it == '\t') {
      if (!line.empty() && line.back() != ' ') line += ' ';
    } else if (c >= 0x20 && c != 0x7F) {
      line += *it;
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

bool is_gone(const std::string& sqlstate) {
  const std::string kind = sqlstate.substr(0, 2);
  return sqlstate.empty() || kind == "08" || kind == "53" ||
         (sqlstate >= "57P01" && sqlstate <= "57P05") || sqlstate == "25006" ||
         sqlstate == "26000" || sqlstate == "0A000" || sqlstate == "42P05";
}

std::string with_schema(const std::string& sql, const std::string& schema) {
  static const std::string written = "mobivate";
  if (schema == written) return sql;
  const std::string name = quoted_name(schema);
  std::string text;
  std::size_t from = 0;
  for (auto at = sql.find(written); at != std::string::npos; at = sql.find(written, from)) {
    text.append(sql, from, at - from);
    text += name;
    from = at + written.size();
  }
  return text.append(sql, from, std::string::npos);
}

std::vector<const char*> pointers(const Values& values) {
  std::vector<const char*> all;
  all.reserve(values.size());
  for (const Value& value : values) all.push_back(value ? value->c_str() : nullptr);
  return all;
}

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

std::string statement_name(const std::string& sql) {
  return "fleet_" + std::to_string(std::hash<std::string>()(sql));
}

}  // namespace

std::string quoted_name(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

std::string& ArrayText::next() {
  if (text_.size() > 1) text_ += ',';
  return text_;
}

void ArrayText::add(std::string_view text) {
  std::string& array = next();
  array += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

void Rows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

int Rows::size() const {
  return PQntuples(result_.get());
}

bool Rows::is_null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) == 1;
}

std::string Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::integer(int row, int column) const {
  return std::strtoll(PQgetvalue(result_.get(), row, column), nullptr, 10);
}

double Rows::number(int row, int column) const {
  return std::strtod(PQgetvalue(result_.get(), row, column), nullptr);
}

bool Rows::truth(int row, int column) const {
  return *PQgetvalue(result_.get(), row, column) == 't';
}

int Rows::columns() const {
  return PQnfields(result_.get());
}

std::string Rows::name(int column) const {
  return PQfname(result_.get(), column);
}

std::size_t Rows::changed() const {
  return std::strtoull(PQcmdTuples(result_.get()), nullptr, 10);
}

void Connection::Close::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Connection::Connection(Database& database)
    : database_(database), connection_(connect(database.conninfo)) {
  if (!connection_) throw std::bad_alloc();
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw DatabaseGone(one_line(PQerrorMessage(connection_.get())));
  }
  PQsetNoticeReceiver(connection_.get(), take_notice, warning_.get());
  PQsetClientEncoding(connection_.get(), "UTF8");
}

void Connection::fail(const std::string& sqlstate, const std::string& message) {
  if (sqlstate == "26000" || sqlstate == "42P05") database_.unprepared = true;
  if (is_gone(sqlstate) || PQstatus(connection_.get()) != CONNECTION_OK) {
    throw DatabaseGone(message);
  }
  throw DatabaseError(message, sqlstate);
}

pg_result* Connection::checked(pg_result* result) {
  const ExecStatusType status = PQresultStatus(result);
  const bool is_good =
      status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN;
  if (is_good) return result;
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string sqlstate = state == nullptr ? "" : state;
  const std::string message = one_line(result == nullptr ? PQerrorMessage(connection_.get())
                                                         : PQresultErrorMessage(result));
  PQclear(result);
  fail(sqlstate, message);
}

void Connection::require_sent(int sent) {
  if (sent != 1) throw DatabaseGone(one_line(PQerrorMessage(connection_.get())));
}

/// Returns the last result of what was sent, or the first that is an error.
pg_result* Connection::answer() {
  pg_result* last = nullptr;
  while (true) {
    wait_for_answer();
    pg_result* const result = PQgetResult(connection_.get());
    if (result == nullptr) return checked(last);
    PQclear(last);
    last = result;
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COPY_IN) return result;
    if (status != PGRES_FATAL_ERROR) continue;
    while (pg_result* rest = PQgetResult(connection_.get())) PQclear(rest);
    return checked(last);
  }
}

/// Waits as long as the server can be reached: a commit may wait for a standby. It is not
/// cancelled, since it may have been done.
void Connection::wait_for_answer() {
  constexpr int patience = 10'000;  // milliseconds
  while (PQisBusy(connection_.get()) == 1) {
    pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
    const int ready = ::poll(&socket, 1, patience);
    if (ready == 0 && !can_be_reached()) {
      throw DatabaseGone("no answer for ten seconds, and no new connection to the same server");
    }
    if (ready > 0 && PQconsumeInput(connection_.get()) == 0) return;  // the result tells
  }
}

/// Whether another connection comes to the same server.
bool Connection::can_be_reached() const {
  const std::unique_ptr<pg_conn, Close> other(connect(database_.conninfo));
  return other && PQstatus(other.get()) == CONNECTION_OK &&
         text_of(PQhost(other.get())) == text_of(PQhost(connection_.get())) &&
         text_of(PQport(other.get())) == text_of(PQport(connection_.get()));
}

/// Runs a statement, again if PostgreSQL chose it to end a deadlock.
Rows Connection::repeated(int (*send)(Connection&, const std::string&, const Values&),
                          const std::string& sql, const Values& values) {
  constexpr int most = 10;
  for (int attempt = 1;; ++attempt) {
    warning_->clear();
    try {
      require_sent(send(*this, sql, values));
      return Rows(answer());
    } catch (const DatabaseError& error) {
      const bool again = error.sqlstate == "40001" || error.sqlstate == "40P01";
      if (!again || attempt == most || PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) {
        throw;
      }
    }
  }
}

Rows Connection::run(const std::string& sql, const Values& values) {
  const auto send = [](Connection& it, const std::string& text, const Values& all) {
    return PQsendQueryParams(it.connection_.get(), text.c_str(), static_cast<int>(all.size()),
                             nullptr, pointers(all).data(), nullptr, nullptr, 0);
  };
  return repeated(send, with_schema(sql, database_.schema), values);
}

Rows Connection::run_prepared(const char* sql, const Values& values) {
  if (database_.unprepared) return run(sql, values);
  const std::string text = with_schema(sql, database_.schema);
  const std::string name = statement_name(text);
  if (prepared_.count(name) == 0) {
    require_sent(PQsendPrepare(connection_.get(), name.c_str(), text.c_str(), 0, nullptr));
    PQclear(answer());
    prepared_.insert(name);
  }
  const auto send = [](Connection& it, const std::string& statement, const Values& all) {
    return PQsendQueryPrepared(it.connection_.get(), statement.c_str(),
                               static_cast<int>(all.size()), pointers(all).data(), nullptr, nullptr,
                               0);
  };
  return repeated(send, name, values);
}

void Connection::run_script(const std::string& sql) {
  warning_->clear();
  require_sent(PQsendQuery(connection_.get(), with_schema(sql, database_.schema).c_str()));
  PQclear(answer());
}

void Connection::begin_copy(const std::string& sql) {
  run_script(sql);
}

void Connection::copy(const std::string& lines) {
  const int size = static_cast<int>(lines.size());
  if (PQputCopyData(connection_.get(), lines.data(), size) != 1) {
    throw DatabaseGone(one_line(PQerrorMessage(connection_.get())));
  }
}

void Connection::end_copy() {
  if (PQputCopyEnd(connection_.get(), nullptr) != 1) {
    throw DatabaseGone(one_line(PQerrorMessage(connection_.get())));
  }
  PQclear(answer());
}

void Connection::plan_anew() {
  if (!database_.unprepared) run_script("discard plans");
}

}  // namespace fleet
