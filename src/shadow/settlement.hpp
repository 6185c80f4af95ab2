// What an apply of a text about whole schemas has settled: which statement speaks of what, and what everything in the
// database was like then. Kept in pgschema.settled, one row for the last apply of the same schemas by the same role.
//
// A statement is settled when it stands in the text as it stood then, nothing it made or stands on has changed since,
// and no name in it belongs to anything made, changed, dropped or renamed since (unsettled.hpp).
#pragma once

#include "catalog/versions.hpp"
#include "shadow/shadow.hpp"

namespace pgschema::shadow {

using Unit = std::pair<Oid, Oid>;  // classid, oid

struct SettledStatement {
  std::size_t gap;         // where what stands before it ends: there are only comments between, and no directive
  std::size_t begin, end;  // bytes of the text
  std::uint64_t settings;  // the text's SETs in effect, as a hash
  Mentions mentions;
  bool always;  // it takes part in every evaluation: a directive beside it, what it makes has a catalog of its own
  std::vector<Unit> units;  // relations, types and functions that it speaks of
};

/// Of the text's SETs that are in effect.
std::uint64_t settings_hash(const std::map<std::string, std::string>& settings);

struct Settlement {
  std::uint64_t seed;
  std::string desired;     // the text's hash, as pgschema.text has it
  std::string comparable;  // comparable_hash(text)
  bool defines;
  Mentions mentions;
  std::vector<std::string> ignored;
  std::vector<NotRun> not_run;
  std::vector<SettledStatement> statements;
  std::vector<std::pair<std::size_t, std::size_t>> marks;  // what the text has besides: SET, rows, directives
  catalog::Versions versions;                              // only units and rest
};

/// Whether units of this catalog are followed one by one: relations, types and functions.
bool is_followed(Oid classid);

/// The text without the keys of \restrict and \unrestrict at its beginning and end, which are others in every dump. Of the same
/// length.
std::string comparable(const std::string& desired);
/// Of that, and of the secrets behind its stand-ins: with the seed, so that nobody can try which secret it was.
std::string comparable_hash(const std::string& comparable, const std::string& desired, std::uint64_t seed);

/// A hash of what every statement may depend on: the server's version, and the settings of the moment.
std::string circumstances();

/// Nothing when no apply of these schemas by this role is known that was under the same circumstances.
std::optional<Settlement> settlement_of(const std::vector<std::string>& schemas, const std::string& circumstances);

/// At the end of an apply, in its transaction.
void settle(const std::string& desired, const std::vector<std::string>& schemas, const Outcome& outcome);

}  // namespace pgschema::shadow
