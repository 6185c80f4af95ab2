// What a statement of the desired state means, decided on the server's parse tree by a list of what is
// allowed. Looks nothing up.
#pragma once

#include <string>
#include <vector>

#include "pg/server.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::script {

enum class Purpose {
  kDefine,      // CREATE: the text is the truth about its target
  kDefinePart,  // CREATE INDEX, TRIGGER, RULE, POLICY, STATISTICS: the truth about a part of its target
  kRefine,      // ALTER, COMMENT, GRANT …: changes its targets
  kDrop,
  kRename,
  kSet,          // a setting for the statements after it
  kIgnored,      // BEGIN, COMMIT, SET of what does not matter here
  kNotRun,       // rows, DO, anything with effects: reported
  kUnsupported,  // DDL that pgschema does not know: refused by name
};

/// An object that a statement names, in the terms of get_object_address().
struct Target {
  ObjectType type;
  Node* object;
};

/// SET, or SELECT set_config().
struct Setting {
  std::string name, value;
};

struct Meaning {
  Purpose purpose = Purpose::kNotRun;
  std::string tag;              // "CREATE VIEW"
  std::vector<Target> targets;  // kDefine: one, which need not exist
  std::vector<Target> touched;  // changed besides, where they exist: the family that an operator class joins
  std::string part;             // kDefinePart: its name; empty where the server chooses it
  ObjectType part_type = OBJECT_TABLE;
  Setting setting;        // kSet
  bool cascade = false;   // kDrop
  bool with_data = true;  // CREATE MATERIALIZED VIEW
};

Meaning meaning_of(const RawStmt& statement);

/// CREATE TABLE, or CREATE FOREIGN TABLE, which is a CreateStmt with a server behind.
bool is_create_table(const Node* statement);

}  // namespace pgschema::script
