#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

struct pg_conn;
struct pg_result;

namespace fleet {

/// The connection is lost, or the server can't do anything at present: connect anew, and repeat.
struct DatabaseGone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The database refuses a statement.
struct DatabaseError : std::runtime_error {
  DatabaseError(const std::string& message, std::string code)
      : std::runtime_error(message), sqlstate(std::move(code)) {}

  std::string sqlstate;
};

/// Where the database is, and what has been learnt of the way there.
struct Database {
  std::string conninfo{};  ///< `--database`. Empty: libpq's own environment.
  std::string schema{"mobivate"};
  /// Set if a pooler keeps no prepared statements: all are then sent whole.
  std::atomic<bool> unprepared{false};
};

/// A value of a statement. Nothing: null.
using Value = std::optional<std::string>;
using Values = std::vector<Value>;

/// Builds an array for a statement, element by element.
class ArrayText {
 public:
  void add(std::string_view text);
  void add_null() { next() += "NULL"; }
  template <class Number>
  void add_number(Number number) {
    next() += std::to_string(number);
  }
  std::string take() && { return std::move(text_) + '}'; }

 private:
  std::string& next();

  std::string text_{"{"};
};

/// The rows that a statement returned.
class Rows {
 public:
  explicit Rows(pg_result* result) : result_(result) {}

  int size() const;
  bool is_null(int row, int column) const;
  std::string text(int row, int column) const;
  std::int64_t integer(int row, int column) const;
  double number(int row, int column) const;
  bool truth(int row, int column) const;
  int columns() const;
  std::string name(int column) const;
  /// Returns how many rows a statement changed.
  std::size_t changed() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

/// One connection. Use it on one thread.
class Connection {
 public:
  /// Connects. Throws `DatabaseGone` if that is impossible, and `std::invalid_argument` if the
  /// database is named in a way that libpq can't read.
  explicit Connection(Database& database);

  /// Runs a statement. `mobivate.` in it becomes the schema's name. Repeats it if it was chosen to
  /// end a deadlock.
  Rows run(const std::string& sql, const Values& values = {});
  /// The same, prepared on first use. `sql` must be a constant.
  Rows run_prepared(const char* sql, const Values& values);
  /// Runs several statements at once, without values.
  void run_script(const std::string& sql);

  /// Copies lines into a table: `begin`, lines, `end`.
  void begin_copy(const std::string& sql);
  void copy(const std::string& lines);
  void end_copy();

  /// Plans prepared statements anew, since the table may have grown.
  void plan_anew();

  /// What the last statement was warned of. Empty: of nothing. A commit that comes with a warning
  /// may be lost with this server.
  const std::string& warning() const { return *warning_; }

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };

  pg_result* checked(pg_result* result);
  void require_sent(int sent);
  pg_result* answer();
  void wait_for_answer();
  bool can_be_reached() const;
  [[noreturn]] void fail(const std::string& sqlstate, const std::string& message);
  Rows repeated(int (*send)(Connection&, const std::string&, const Values&), const std::string& sql,
                const Values& values);

  Database& database_;
  // On the heap: libpq keeps a pointer to it.
  std::unique_ptr<std::string> warning_ = std::make_unique<std::string>();
  std::unique_ptr<pg_conn, Close> connection_{};
  std::unordered_set<std::string> prepared_{};
};

/// Writes a name as SQL takes it.
std::string quoted_name(const std::string& name);

}  // namespace fleet
