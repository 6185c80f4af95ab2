// Tables of the shadow that have no storage: nobody ever puts a row into them, and to make a file for each of them, for
// its toast table and for its indexes, and to delete them again, is a third of what evaluating a text costs.
//
// The access method pgschema_shadow of the extension is heap without storage: scans find nothing, and only while Storageless lives
// can a table be made with it. CREATE TABLE and CREATE MATERIALIZED VIEW that mean heap get it then; who reads the
// catalog takes it for heap again (is_storageless()).
#pragma once

#include "pg/call.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace pgschema::pg {

/// The scope in which tables are made without storage. Inside a subtransaction that is rolled back, by run_unseen().
class Storageless {
 public:
  /// `toast`: with toast tables, which have no storage either. Without, what is said of them is lost. `index_files`: with
  /// indexes as ever. Without, 58P01 (undefined_file) may come of what reads one: a check of foreign keys, ALTER INDEX … SET TABLESPACE.
  explicit Storageless(bool toast, bool index_files);
  ~Storageless();
  Storageless(const Storageless&) = delete;
  Storageless& operator=(const Storageless&) = delete;

  /// Whether ALTER or CREATE says something of a toast table.
  static bool speaks_of_toast(const Node* statement);
};

/// Makes a statement that would create a heap create one without storage, if Storageless lives. Within pg::call.
void make_storageless(Node* statement);

/// Runs CREATE INDEX so that there is no file of it either. False, and nothing is done, if the table has storage. Within pg::call.
bool define_index_without_file(IndexStmt* statement, const char* sql);

/// The same of ALTER TABLE … ADD PRIMARY KEY or UNIQUE, where that is all it says and the columns need no change.
bool define_key_without_file(AlterTableStmt* statement);

/// The access method of such tables, or none where the extension is not installed. Within pg::call.
Oid storageless_method();

}  // namespace pgschema::pg
