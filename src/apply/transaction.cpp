#include "apply/transaction.hpp"

#include "pg/call.hpp"

extern "C" {
#include "executor/spi.h"
#include "tcop/pquery.h"
}

namespace pgschema::apply {

void commit() {
  pg::call([] {
    if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    SPI_commit();
    SPI_finish();
  });
}

void roll_back() {
  pg::call([] {
    if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    SPI_rollback();
    SPI_finish();
  });
}

void ask_for_snapshot() {
  pg::call([] { EnsurePortalSnapshotExists(); });
}

}  // namespace pgschema::apply
