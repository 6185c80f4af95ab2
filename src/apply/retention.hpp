// What pgschema.history forgets.
#pragma once

namespace pgschema::apply {

/// Deletes the applies that are older than pgschema.history_retention, with the texts that nothing else needs: but not the
/// last one of each schema, nor what pgschema_dump(schemas, version) needs for one that stays. As the owner of the tables.
void forget_old();

}  // namespace pgschema::apply
