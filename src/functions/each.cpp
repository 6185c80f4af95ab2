// pgschema_plan_each and pgschema_apply_each: one text for many schemas, one commit each.
#include <algorithm>

#include "apply/transaction.hpp"
#include "functions/apply.hpp"
#include "functions/arguments.hpp"
#include "functions/lock_table.hpp"
#include "kinds/registry.hpp"
#include "model/secrets.hpp"
#include "pg/entry.hpp"
#include "pg/fault.hpp"
#include "pg/statement.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"

extern "C" {
#include "funcapi.h"
}

namespace pgschema::functions {

namespace {

constexpr int kDesired = 0, kSchemas = 1, kPlanStrategy = 2;
constexpr int kExpectShapes = 2, kAllow = 3, kStrategy = 4, kLockTimeout = 5, kRetries = 6, kOnError = 7;

/// Each once, in the order in which they were given.
std::vector<std::string> schemas_argument(FunctionCallInfo fcinfo) {
  const auto given = names_argument(fcinfo, kSchemas, "schemas");
  if (!given || given->empty()) throw Failure(sqlstate::kInvalidParameter, "schemas must name at least one schema");
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto& schema : *given)
    if (seen.insert(schema).second) out.push_back(schema);
  return out;
}

std::string of_schema(const std::string& schema, const std::string& context) {
  return cat(context, context.empty() ? "" : "\n", "schema ", script::quote_identifier(schema));
}

/// With the schema in the context of what is raised.
template <typename Body>
void about(const std::string& schema, Body&& body) {
  try {
    body();
  } catch (pg::Error& error) {
    error.context = of_schema(schema, error.context);
    throw;
  } catch (Failure& failure) {
    failure.context(of_schema(schema, failure.context()));
    throw;
  }
}

Datum plan_each(FunctionCallInfo fcinfo) {
  const HeapScope heap;
  const Secrets secrets;
  RowsOut rows(fcinfo);
  PlanArguments arguments = plan_arguments(fcinfo, kDesired, kSchemas, kPlanStrategy);
  shadow::Alike alike;
  arguments.alike = &alike;
  for (const auto& schema : schemas_argument(fcinfo))
    about(schema, [&] {
      const pg::MemoryScope memory;
      // Rolled back, which gives up the locks that were taken to read: a thousand schemas would fill the server's table.
      const pg::Subtransaction attempt;
      arguments.schemas = {schema};
      const Planned planned = make_plan(arguments);
      std::vector<std::string> hazards;
      for (const auto& hazard : planned.document.hazards) {
        const std::string name(kinds::name_of(hazard.hazard));
        if (std::find(hazards.begin(), hazards.end(), name) == hazards.end()) hazards.push_back(name);
      }
      rows.add({schema, shape_of(planned, arguments), planned.document.fingerprint,
                std::to_string(planned.document.plan.changes.size()), array_literal(hazards)});
    });
  return 0;
}

class Tour {
 public:
  explicit Tour(FunctionCallInfo fcinfo)
      : arguments_(plan_arguments(fcinfo, kDesired, kSchemas, kStrategy)),
        schemas_(schemas_argument(fcinfo)),
        allow_(texts_argument(fcinfo, kAllow, "allow")),
        waits_(patience_argument(fcinfo, kLockTimeout, kRetries)) {
    check_allow(allow_);
    arguments_.alike = &alike_;
    if (!PG_ARGISNULL(kExpectShapes)) shapes_ = texts_argument(fcinfo, kExpectShapes, "expect_shapes");
    const std::string on_error = text_argument(fcinfo, kOnError).value_or("stop");
    check_known("on_error", on_error, {"stop", "continue"});
    goes_on_ = on_error == "continue";
  }

  void run() {
    for (const auto& schema : schemas_) {
      const pg::MemoryScope memory;
      std::string message, detail;
      try {
        about(schema, [&] { apply_to(schema); });
        ++applied;
        continue;
      } catch (pg::Error& error) {
        record_failed(begun_, arguments_, started_, error);
        if (!goes_on_ || error.sqlerrcode == ERRCODE_QUERY_CANCELED) {
          error.context += so_far();
          throw;
        }
        message = error.message;
        detail = error.detail;
      } catch (Failure& failure) {
        record_failed(begun_, arguments_, started_, failure);
        if (!goes_on_) {
          failure.context(failure.context() + so_far());
          throw;
        }
        message = failure.message();
        detail = failure.detail();
      }
      apply::roll_back();
      apply::ask_for_snapshot();
      ++failed;
      tell(WARNING, cat("pgschema: schema ", script::quote_identifier(schema), " failed: ", message), detail);
    }
  }

  int applied = 0, failed = 0;

 private:
  std::string so_far() const {
    return cat("\nschemas done: ", std::to_string(applied), " of ", std::to_string(schemas_.size()),
               failed ? cat(", failed: ", std::to_string(failed)) : "", "; the same call goes on");
  }

  void check(const Planned& planned) const {
    bool expected = false;
    if (shapes_) {
      const std::string shape = shape_of(planned, arguments_);
      expected = std::find(shapes_->begin(), shapes_->end(), shape) != shapes_->end();
      if (!expected && !planned.document.plan.empty())
        throw Failure(sqlstate::kObjectNotReady, "the plan is not one of the expected shapes")
            .detail(cat("Its shape is ", shape, "."))
            .hint("This schema is not like those that were reviewed. See pgschema_plan() for it alone.");
    }
    check_hazards(planned, allow_, expected);
  }

  void apply_to(const std::string& schema) {
    arguments_.schemas = {schema};
    started_ = apply::now();
    begun_ = {};
    std::int64_t version = 0;
    std::string what;
    if (arguments_.strategy == "online") {
      version = apply::run_in_phases({arguments_,
                                      {},
                                      {},
                                      waits_,
                                      [&](const Planned& planned, bool) {
                                        check(planned);
                                        check_lock_table(planned.document);
                                      },
                                      started_});
    } else {
      pg::Subtransaction all;
      const Applied done = apply_at_once(
          arguments_, waits_, started_, [&](const Planned& planned) { check(planned); }, begun_);
      all.commit();
      version = done.version;
      what = done.steps == 0   ? ", nothing to change"
             : done.steps == 1 ? ", 1 statement"
                               : cat(", ", std::to_string(done.steps), " statements");
    }
    pg::fault_point("before a schema is committed");
    apply::commit();
    apply::ask_for_snapshot();
    tell(NOTICE,
         cat("pgschema: schema ", script::quote_identifier(schema), what, "; recorded as version ",
             std::to_string(version)),
         "");
  }

  static void tell(int level, const std::string& message, const std::string& detail) {
    pg::call(
        [&] { ereport(level, (errmsg("%s", message.c_str()), detail.empty() ? 0 : errdetail("%s", detail.c_str()))); });
  }

  PlanArguments arguments_;
  shadow::Alike alike_;
  std::vector<std::string> schemas_;
  std::optional<std::vector<std::string>> shapes_;
  std::vector<std::string> allow_;
  apply::Patience waits_;
  bool goes_on_ = false;
  Begun begun_;          // of the schema at hand
  std::string started_;  // likewise
};

Datum apply_each(FunctionCallInfo fcinfo) {
  const HeapScope heap;
  const Secrets secrets;
  check_may_commit(fcinfo, "pgschema_apply_each()", "It commits after each schema: CALL it by itself.");
  Tour tour(fcinfo);
  tour.run();
  return pg::call([&] {
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    Datum values[2] = {Int32GetDatum(tour.applied), Int32GetDatum(tour.failed)};
    bool nulls[2] = {false, false};
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
  });
}

}  // namespace

}  // namespace pgschema::functions

PGSCHEMA_FUNCTION(pgschema_sql_plan_each) { return pgschema::pg::entry(fcinfo, pgschema::functions::plan_each); }
PGSCHEMA_FUNCTION(pgschema_sql_apply_each) { return pgschema::pg::entry(fcinfo, pgschema::functions::apply_each); }
