// What an event trigger is told: the command, what it made or changed, what it dropped (the chapter "Event Triggers" of the documentation).
#pragma once

#include <string>
#include <vector>

#include "pg/server.hpp"

extern "C" {
#include "commands/event_trigger.h"
#include "nodes/parsenodes.h"
}

namespace pgschema::pg {

/// The call of a function as an event trigger. 39P03 for any other.
const EventTriggerData& event_trigger_data(FunctionCallInfo fcinfo);

/// While REFRESH runs the server does not keep what is done, by functions that the query calls neither. From now on it does, for the
/// command that begins.
void keep_commands();

/// One row of pg_event_trigger_ddl_commands(). GRANT, REVOKE and ALTER DEFAULT PRIVILEGES have no address there: `granted` says
/// what they are about.
struct DdlCommand {
  Oid classid = InvalidOid, objid = InvalidOid;
  int32 subid = 0;
  std::string tag, object_type, identity;
  bool in_extension = false;
  struct Granted {
    Oid classid, objid;
  };
  std::vector<Granted> granted;
};
std::vector<DdlCommand> ddl_commands();

/// One row of pg_event_trigger_dropped_objects().
struct DroppedObject {
  Oid classid = InvalidOid, objid = InvalidOid;
  int32 subid = 0;
  bool original = false;  // named by the command
  bool normal = false;    // because it depended on something that was
  bool temporary = false;
  std::string object_type, identity;
  std::string schema;  // without quotes, of the table of a part; empty where there is none
};
std::vector<DroppedObject> dropped_objects();

/// What a statement names, besides what it is about, and changes as well; of one that moves things elsewhere, renames a schema, or commits before its end,
/// what it is about too. What does not exist is left out.
/// Takes no lock that it keeps.
struct NamedObject {
  Oid classid, objid;
  int32 subid = 0;
};
std::vector<NamedObject> objects_named_by(const Node* statement);

/// What DROP and ALTER TABLE … DROP COLUMN name, under the same conditions.
std::vector<NamedObject> objects_dropped_by(const Node* statement);

/// CONCURRENTLY: it commits before its end, where nothing of it can be refused any more.
bool commits_meanwhile(const Node* statement);

/// DROP TABLE of partitions, and nothing else; ALTER TABLE … ATTACH or DETACH PARTITION.
bool is_partition_maintenance(const Node* statement);

}  // namespace pgschema::pg
