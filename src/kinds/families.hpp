// Each family of kinds hands its writers to the registry.
#pragma once

#include "kinds/writer.hpp"

namespace pgschema::kinds {

const Writer& schema_writer();
const Writer& other_writer();
const Writer& view_writer();
const Writer& materialized_view_writer();
const Writer& contents_writer();
const Writer& table_writer();
const Writer& foreign_table_writer();
const Writer& column_writer();
const Writer& default_writer();
const Writer& constraint_writer();
const Writer& domain_constraint_writer();
const Writer& index_writer();
const Writer& statistics_writer();
const Writer& trigger_writer();
const Writer& rule_writer();
const Writer& policy_writer();
const Writer& function_writer();
const Writer& aggregate_writer();
const Writer& operator_writer();
const Writer& operator_family_writer();
const Writer& family_member_writer();
const Writer& operator_class_writer();
const Writer& extension_writer();
const Writer& language_writer();
const Writer& transform_writer();
const Writer& access_method_writer();
const Writer& event_trigger_writer();
const Writer& wrapper_writer();
const Writer& server_writer();
const Writer& user_mapping_writer();
const Writer& publication_writer();
const Writer& publication_schema_writer();
const Writer& subscription_writer();
const Writer& cast_writer();
const Writer& collation_writer();
const Writer& conversion_writer();
const Writer& text_search_functions_writer();
const Writer& text_search_dictionary_writer();
const Writer& text_search_configuration_writer();
const Writer& enum_writer();
const Writer& domain_writer();
const Writer& range_writer();
const Writer& shell_type_writer();
const Writer& base_type_writer();
const Writer& composite_writer();
const Writer& sequence_writer();
const Writer& identity_sequence_writer();
const Writer& owned_by_writer();
const Writer& inheritance_writer();
const Writer& owner_writer();
const Writer& privilege_writer();
const Writer& default_privilege_writer();
const Writer& database_defaults_writer();
const Writer& comment_writer();
const Writer& security_label_writer();
const Writer& extension_dependency_writer();
const Writer& publication_table_writer();

/// The column as CREATE TABLE and ADD COLUMN write it, without its default.
std::string column_definition(const Object& column, const Snapshot& in);
/// The name of "SEQUENCE NAME app.calls_id_seq START WITH 1 …".
std::string identity_sequence(const Object& column);
/// All of a table's columns, a line each; or only those that it does not inherit.
std::string column_list(const Object& table, const Snapshot& in, bool only_local);
/// The table of the column that a sequence belongs to (Kind::kOwnedBy), or nothing.
ObjectId table_owning(const ObjectId& owned_by, const Snapshot& in);
/// ADD COLUMN without what would give its rows a value or ask for one: no default, no NOT NULL.
Command add_empty_column(const Object& column, const Snapshot& in);
/// What of it stands behind the type.
std::string column_options(const Object& column);
/// Where an inherited column of a new table is other than its parent's: NOT NULL, and no default. (One that it has is
/// set by itself.)
std::vector<Command> column_overrides(const Object& table, const Object& column, const Snapshot& in);

/// A base type, or a range with a canonical function, needs functions that need the type. They need its shell, an object of
/// its own that is there before them: nothing for all other objects.
ObjectId shell_of(const ObjectId& type);
/// The other way; nothing where the shell is all there is.
std::optional<ObjectId> type_of_shell(const ObjectId& shell, const Snapshot& in);
bool has_shell(const Object& type, const Snapshot& in);

/// The values of an enum in their order, each with its quotes.
std::vector<std::string> labels_of(const Object& type);

/// " WITH (…)" of a relation, with the options of its TOAST table; nothing when it has none.
std::string with_options(const Object& relation);

/// REPLICA IDENTITY other than by an index, whose writer says that. Of a table or a materialized view.
Command replica_identity(const Object& relation);

/// Whether an index of the relation, or of a constraint of it, has this mark: "clustered" or "replica_identity".
bool an_index_is(std::string_view mark, const Object& relation, const Snapshot& in);

/// The comment is about the index of a constraint, and not about the constraint: it is a child of that all the same.
bool of_index_of_constraint(const ObjectId& comment);

/// " OPTIONS (host 'a', port '1')" of a foreign-data wrapper, server, table or column, or nothing; and the same for ALTER, from
/// one list to the other.
std::string foreign_options(const std::string& options);
std::string changed_foreign_options(const std::string& before, const std::string& after);

/// What cannot be said in a column's definition: statistics target, options, storage, compression.
std::vector<Command> column_settings(const Object& relation, const Object* before, const Object& after);

}  // namespace pgschema::kinds
