// A plan as phases that commit one after the other while readers and writers go on: the strategy "online".
//
// What an apply has to do under strong locks becomes short; what is long (building an index, reading all rows) is done under locks that
// neither stop nor wait behind a queue of others:
//
//     prepare   values of enums; new columns whose rows get values (from a directive, or    one transaction
//               a default that is another for each row); checks that rows which come
//               from now on have to pass
//     fill      values of NULL rows, before there is such a check (then the checks have     some blocks at a time
//               a transaction of their own), and once more after it
//     early     their validation; indexes of what there is, CONCURRENTLY                    each for itself
//     main      everything else; an index that was built beside another takes its name      one transaction
//     late      indexes of what main has made; validation; DROP INDEX CONCURRENTLY          each for itself
//     finish    what hangs on late indexes                                                  one transaction
//
// Each is safe to stop after. What is left then is what the next plan of the same text says: a constraint that is still NOT VALID, an index
// that is invalid, one that waits for its constraint, a check that stands for NOT NULL are recognised by name and definition.
#pragma once

#include "plan/plan.hpp"

namespace pgschema::plan {

/// Puts the steps of a plan into phases, with others in the place of some. They lead to the same.
void put_in_phases(Plan& plan, const Request& request);

}  // namespace pgschema::plan
