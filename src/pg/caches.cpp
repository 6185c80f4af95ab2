#include "pg/caches.hpp"

#include <malloc.h>

extern "C" {
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/relcache.h"
}

namespace pgschema::pg {

namespace {

bool may_be_forgotten(Relation relation) { return XLogIsNeeded() || !RELKIND_HAS_STORAGE(relation->rd_rel->relkind); }

}  // namespace

void forget_caches(const std::vector<Oid>& made) {
  call([&] {
    for (const Oid oid : made) {
      Relation relation = RelationIdGetRelation(oid);
      if (!RelationIsValid(relation)) continue;  // gone again
      if (may_be_forgotten(relation)) relation->rd_createSubid = InvalidSubTransactionId;
      RelationClose(relation);
    }
    InvalidateSystemCaches();
  });
#ifdef __GLIBC__
  (void)malloc_trim(0);
#endif
}

}  // namespace pgschema::pg
