#include "apply/transaction.hpp"

#include "pg/call.hpp"

extern "C" {
#include "executor/spi.h"
#include "tcop/pquery.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
}

namespace pgschema::apply {

void commit() {
  pg::call([] {
    if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    SPI_commit();
    SPI_finish();
  });
}

/// The server wants no snapshot to be left but that of the portal: a query that has failed outside of a subtransaction leaves its own.
void roll_back() {
  pg::call([] {
    while (ActiveSnapshotSet() && !(ActivePortal && GetActiveSnapshot() == ActivePortal->portalSnapshot))
      PopActiveSnapshot();
    if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    SPI_rollback();
    SPI_finish();
  });
}

void ask_for_snapshot() {
  pg::call([] { EnsurePortalSnapshotExists(); });
}

}  // namespace pgschema::apply
