// The desired state as statements that can be run: parsed by the server, classified, their targets looked up.
#pragma once

#include <memory>

#include <map>
#include <set>

#include "catalog/read.hpp"
#include "model/failure.hpp"
#include "pg/statement.hpp"
#include "script/meaning_pg.hpp"
#include "script/script.hpp"

namespace pgschema::shadow {

using Settings = std::map<std::string, std::string>;

struct TextStatement {
  const script::Statement* source;
  const RawStmt* tree;
  std::string sql;
  script::Meaning meaning;
  std::shared_ptr<const Settings> settings;     // the text's SETs in effect
  std::string in_schema;                        // of CREATE SCHEMA with definitions inside: before all others
  std::vector<RangeVar*> references;            // tables that its foreign keys refer to
  std::vector<catalog::Address> targets;        // those that exist, live
  std::vector<catalog::Address> touched_units;  // what it changes besides
  std::set<ObjectId> ids;                       // the same by identity; a definition's own even when it is new
  std::set<ObjectId> names;                     // resolve_names(): what it speaks of, whether that exists or not
  std::vector<ObjectId> named;                  // of each of the meaning's targets; none where there is no such object
  std::set<ObjectId> touched;
  bool owner_stays = false;  // ALTER … OWNER TO a role that does not exist: see roles.hpp
};

struct NotRun {
  int line;
  std::string file, what;
};

/// The aspects that a text speaks of anywhere; others are left as they are.
struct Mentions {
  bool owners = false, privileges = false, labels = false;

  void add(const Mentions& others) {
    owners = owners || others.owners;
    privileges = privileges || others.privileges;
    labels = labels || others.labels;
  }
  bool operator==(const Mentions&) const = default;
};

struct Text {
  script::Script script;
  std::vector<TextStatement> statements;  // only those that mean something here
  std::vector<NotRun> not_run;
  std::vector<NotRun> about_missing_roles;  // left out because of roles that do not exist
  /// Live relations that foreign keys of the text refer to.
  std::set<Oid> referenced;
  /// Live tables of which the text makes partitions or children.
  std::set<Oid> bases;
  /// Of a text that others of its statements were left out of, because they are settled: what these say.
  Mentions left_out;

  /// By GRANT … ON ALL … IN SCHEMA, even where that meant nothing.
  bool speaks_of_privileges = false;

  /// Of the parse trees.
  std::unique_ptr<pg::Memory> memory;

  std::string context_of(const TextStatement& statement) const { return script.context_of(*statement.source); }

  /// Gives back what a large one takes most memory for, once it has been run: the statements and all that they are made of.
  void let_go();
  bool has_let_go() const { return !memory; }
};

/// What the text is about: the objects that it names, or whole schemas.
enum class Mode { kNamed, kWhole };

/// Parses. Raises 42601 with the place for what cannot be parsed, 0A000 for DDL that is not supported. The memory of the parse
/// trees ends with the current memory context, or before.
Text read_text(const std::string& desired, Mode mode);

/// Whether privileges are among what was left out.
bool leaves_out_privileges(const Text& text);

/// The object that a statement names, under the current search_path; objid is 0 when there is none.
catalog::Address existing_target(const script::Target& target);

/// Looks up what the statements name, as the caller, under the caller's search_path and the text's own SETs.
/// Takes AccessShare on relations; do it inside a subtransaction that is rolled back.
void resolve(Text& text, const std::string& search_path);

/// Looks up nothing but the tables that foreign keys refer to: everything else that a text about whole schemas speaks of, it
/// defines itself. What belongs together gets the same name in `names`.
void resolve_names(Text& text, const std::string& search_path);

/// The relations behind REFERENCES, wherever it may stand in a statement.
std::vector<RangeVar*> references_of(Node* statement);

void note_mentions(const TextStatement& statement, Mentions& mentions);

/// What a CREATE of the text makes or has made, under the current search_path; objid is 0 when there is none.
catalog::Address target_of_definition(const TextStatement& statement);

/// The search_path for a statement of the text: its own or the caller's, pg_temp last.
std::string search_path_of(const TextStatement& statement, const std::string& callers);

/// As whom the statement is to be run, by the text's SET ROLE or SET SESSION AUTHORIZATION; "": as the caller.
std::string role_of(const TextStatement& statement);

/// The same error with the place in the desired state as its context.
[[noreturn]] void rethrow_with_place(const pg::Error& error, const Text& text, const TextStatement& statement);

}  // namespace pgschema::shadow
