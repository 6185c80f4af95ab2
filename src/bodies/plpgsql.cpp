#include "bodies/plpgsql.hpp"

#include <algorithm>
#include <memory>

#include "bodies/callers.hpp"
#include "bodies/compile.hpp"
#include "bodies/declared.hpp"
#include "bodies/flow.hpp"
#include "bodies/literal.hpp"
#include "model/failure.hpp"
#include "pg/query.hpp"
#include "pg/subtransaction.hpp"
#include "script/quote.hpp"
#include "script/utf8.hpp"

extern "C" {
#include "access/relation.h"
#include "access/tupdesc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"
}

namespace pgschema::bodies {

namespace {

TupleDesc shape_of_type(Oid type) {
  return pg::call([&] {
    TupleDesc shape = lookup_rowtype_tupdesc_domain(type, -1, true);
    if (!shape) return shape;
    TupleDesc copy = CreateTupleDescCopy(shape);
    ReleaseTupleDesc(shape);
    return copy;
  });
}

TupleDesc shape_of_relation(Oid relation) {
  return pg::call([&] {
    Relation open = relation_open(relation, AccessShareLock);
    TupleDesc copy = CreateTupleDescCopy(RelationGetDescr(open));
    relation_close(open, AccessShareLock);
    return copy;
  });
}

/// What a declaration names, under the search_path in force.
struct LookedUp {
  std::string relation_name;  // none: a variable's type is meant
  Oid relation = InvalidOid;
  int32 column = 0;
};

LookedUp look_up(const DeclaredType& type) {
  const std::size_t parts = type.names.size() - (type.rows ? 0 : 1);
  LookedUp out;
  if (parts < 1 || parts > 2) return out;
  std::string quoted;
  for (std::size_t i = 0; i < parts; ++i) {
    out.relation_name += (i ? "." : "") + type.names[i];
    quoted += (i ? "." : "") + script::quote_identifier(type.names[i]);
  }
  const auto rows = pg::query_in_search_path(
      "SELECT c.oid, a.attnum FROM (SELECT pg_catalog.to_regclass($1)::pg_catalog.oid AS oid) c LEFT JOIN pg_catalog.pg_attribute a ON "
      "a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) $2 AND NOT a.attisdropped",
      {quoted, type.names.back()});
  out.relation = rows[0].oid(0);
  out.column = static_cast<int32>(rows[0].number(1));
  return out;
}

/// Names in declarations that mean nothing: the compiler only says that there is a syntax error behind them.
bool add_missing_declared(Reader& reader) {
  bool any = false;
  for (const auto& type : declared_types(reader.source())) {
    const LookedUp found = look_up(type);
    if (found.relation_name.empty() || (found.relation && (type.rows || found.column))) continue;
    any = true;
    if (!found.relation)
      reader.add_problem({type.line, cat("relation \"", found.relation_name, "\" does not exist"), "", "42P01", true});
    else
      reader.add_problem(
          {type.line,
           cat("column \"", type.names.back(), "\" of relation \"", found.relation_name, "\" does not exist"), "",
           "42703", true});
  }
  return any;
}

class Walk {
 public:
  Walk(CompiledFunction& function, Reader& reader)
      : function_(function), reader_(reader), shapes_(static_cast<std::size_t>(function->ndatums), nullptr) {
    assigned_.resize(shapes_.size());
    fixed_.resize(shapes_.size());
    unknown_.reset(new bool[shapes_.size() + 1]());
    for (int i = 0; i < function->ndatums; ++i) {
      // A cursor that comes from elsewhere may be open.
      if (is_cursor(i)) assigned_[at(i)] = is_given(i);
      if (function->datums[i]->dtype != PLPGSQL_DTYPE_REC) continue;
      const auto* record = reinterpret_cast<PLpgSQL_rec*>(function->datums[i]);
      if (record->rectypeid == RECORDOID) continue;
      shapes_[at(i)] = shape_of_type(record->rectypeid);
      assigned_[at(i)] = fixed_[at(i)] = true;
    }
    for (const auto& type : declared_types(reader.source())) declared_[{type.line, type.variable}] = type;
  }

  /// The types of arguments are not known.
  void set_polymorphic() {
    for (int i = 0; i < function_->fn_nargs; ++i) unknown_[at(function_->fn_argvarnos[i])] = true;
  }

  /// NEW and OLD are rows of this table.
  void set_caller(const Caller& caller) {
    caller_ = &caller;
    const TupleDesc shape = rows_ = shape_of_relation(caller.relation);
    for (const int number : {function_->new_varno, function_->old_varno}) {
      shapes_[at(number)] = shape;
      assigned_[at(number)] = fixed_[at(number)] = true;
    }
  }

  void run() { statement(reinterpret_cast<PLpgSQL_stmt*>(function_->action)); }

 private:
  static std::size_t at(int number) { return static_cast<std::size_t>(number); }

  // --- what records look like, and the rows of cursors --------------------------------------------------

  bool is_cursor(int number) const {
    const PLpgSQL_datum* datum = function_->datums[number];
    return datum->dtype == PLPGSQL_DTYPE_VAR &&
           reinterpret_cast<const PLpgSQL_var*>(datum)->datatype->typoid == REFCURSOROID;
  }
  bool is_given(int number) const {
    for (int i = 0; i < function_->fn_nargs; ++i)
      if (function_->fn_argvarnos[i] == number) return true;
    return reinterpret_cast<const PLpgSQL_var*>(function_->datums[number])->default_val != nullptr;
  }
  /// A cursor variable has a value that may be any cursor.
  void forget_cursor(int number) {
    if (is_cursor(number)) assign(number, nullptr);
  }

  void assign(int number, TupleDesc shape) {
    if (fixed_[at(number)]) return;
    shapes_[at(number)] = shape;
    assigned_[at(number)] = true;
    if (reader_.doubt().runs != Runs::kNever) assignments_.emplace_back(number, shape);
  }

  void assign(const PLpgSQL_variable* target, TupleDesc shape) {
    if (!target) return;
    if (target->dtype == PLPGSQL_DTYPE_REC) assign(target->dno, shape);
    if (target->dtype != PLPGSQL_DTYPE_ROW) return;
    const auto* row = reinterpret_cast<const PLpgSQL_row*>(target);
    for (int i = 0; i < row->nfields; ++i) {
      refer_to_target(row->varnos[i]);
      forget_cursor(row->varnos[i]);
    }
  }

  /// A field of a record that is assigned to by other than an expression.
  void refer_to_target(int number) {
    const PLpgSQL_datum* datum = function_->datums[number];
    if (datum->dtype != PLPGSQL_DTYPE_RECFIELD) return;
    Variables variables = here(nullptr);
    FoundList found;
    variables.found = &found;
    try {
      const pg::Subtransaction undone;
      pg::call([&] { refer_to_field(variables, *reinterpret_cast<const PLpgSQL_recfield*>(datum)); });
    } catch (const pg::Error& error) {
      if (error.interrupts()) throw;
      reader_.add_problem(error, line_);
    }
    reader_.refer(found, line_);
  }

  /// What runs perhaps, or more than once: afterwards a record is what it was, or anything that was assigned in it.
  template <typename Run>
  void perhaps(Run run) {
    const auto left = reader_.state();
    const Doubt doubt = reader_.doubt();
    one_way(run);
    reader_.doubt() = doubt;
    reader_.restore(Reader::joined(left, reader_.state()));
  }

  /// The same for records alone.
  template <typename Run>
  void one_way(Run run) {
    const auto before = shapes_;
    const auto known = assigned_;
    const std::size_t first = assignments_.size();
    run();
    shapes_ = before;
    assigned_ = known;
    for (std::size_t i = first; i < assignments_.size(); ++i) {
      const auto [number, shape] = assignments_[i];
      if (!assigned_[at(number)]) {
        shapes_[at(number)] = shape;
        assigned_[at(number)] = true;
      } else if (!same_shape(shapes_[at(number)], shape))
        shapes_[at(number)] = nullptr;
    }
  }

  /// A loop begins with what it ends with. That is found by going through it once without a word.
  template <typename Run>
  void loop(Run statements_of) {
    const auto run = [&] {
      reader_.doubt().looked = reader_.doubt().looked || looked_;
      statements_of();
    };
    if (loops_ < kDeepest) {
      const bool silent = reader_.silent();
      reader_.set_silent(true);
      ++loops_;
      perhaps(run);
      --loops_;
      reader_.set_silent(silent);
    }
    perhaps(run);
  }

  // --- expressions and queries ------------------------------------------------------------------------

  Variables here(const PLpgSQL_expr* expression) {
    Variables out;
    out.function = function_.get();
    out.names = expression ? expression->ns : nullptr;
    out.shapes = shapes_.data();
    out.unknown = unknown_.get();
    return out;
  }

  Understood understood(const PLpgSQL_expr& expression) {
    looked_ = looked_ || looks_for_objects(expression.query);
    Variables variables = here(&expression);
    return reader_.take(expression.query, expression.parseMode, set_up_variables, &variables, &variables,
                        {line_, Certainty::kCertain});
  }

  /// The rows that it gives, nothing where that is not known.
  TupleDesc take(const PLpgSQL_expr* expression) {
    if (!expression) return nullptr;
    const Understood is = understood(*expression);
    return is.error ? nullptr : is.result;
  }

  void take_all(List* expressions) {
    ListCell* cell;
    foreach (cell, expressions) take(static_cast<PLpgSQL_expr*>(lfirst(cell)));
  }

  /// The types of what USING gives; InvalidOid where one is not known.
  std::vector<Oid> take_parameters(List* expressions) {
    std::vector<Oid> types;
    ListCell* cell;
    foreach (cell, expressions) {
      const Understood is = understood(*static_cast<PLpgSQL_expr*>(lfirst(cell)));
      const bool known = !is.error && !is.guessed && is.result && is.result->natts == 1;
      Oid type = known ? TupleDescAttr(is.result, 0)->atttypid : InvalidOid;
      // As exec_eval_using_params() in pl_exec.c.
      if (type == UNKNOWNOID) type = TEXTOID;
      types.push_back(type == RECORDOID ? InvalidOid : type);
    }
    return types;
  }

  /// EXECUTE: the expression that gives the text, and the text where it is a literal.
  TupleDesc execute(const PLpgSQL_expr* expression, List* parameters, bool gives_rows) {
    if (!expression) return nullptr;
    take(expression);
    const std::vector<Oid> types = take_parameters(parameters);
    const auto text = literal_text(expression->query);
    if (!text) {
      if (!reader_.silent()) reader_.add_unread(line_);
      reader_.run_unread(unread_text(expression->query), gives_rows);
      return nullptr;
    }
    Variables variables;
    variables.parameters = types.data();
    variables.parameter_count = static_cast<int>(types.size());
    const Understood understood =
        reader_.take(*text, RAW_PARSE_DEFAULT, set_up_variables, &variables, &variables, {line_, Certainty::kDynamic});
    return understood.error ? nullptr : understood.result;
  }

  /// The shape of a record that an expression is assigned to.
  TupleDesc value_shape(const PLpgSQL_expr* expression) {
    if (!expression) return nullptr;
    const Understood is = understood(*expression);
    if (is.error || !is.result || is.result->natts != 1) return nullptr;
    if (is.same_as >= 0 && is.same_as < function_->ndatums && function_->datums[is.same_as]->dtype == PLPGSQL_DTYPE_REC)
      return shapes_[at(is.same_as)];
    const Oid type = TupleDescAttr(is.result, 0)->atttypid;
    return type == RECORDOID || !pg::call([&] { return type_is_rowtype(type); }) ? nullptr : shape_of_type(type);
  }

  // --- statements -------------------------------------------------------------------------------------

  void statements(List* list) {
    ListCell* cell;
    foreach (cell, list) statement(static_cast<PLpgSQL_stmt*>(lfirst(cell)));
  }

  template <typename Statement>
  static const Statement& as(const PLpgSQL_stmt* statement) {
    return *reinterpret_cast<const Statement*>(statement);
  }

  void statement(const PLpgSQL_stmt* one) {
    pg::call([] { check_stack_depth(); });
    if (one->lineno > 0) line_ = one->lineno;
    switch (one->cmd_type) {
      case PLPGSQL_STMT_BLOCK: return block(as<PLpgSQL_stmt_block>(one));
      case PLPGSQL_STMT_ASSIGN: return assignment(as<PLpgSQL_stmt_assign>(one));
      case PLPGSQL_STMT_IF: return branches(as<PLpgSQL_stmt_if>(one));
      case PLPGSQL_STMT_CASE: return branches(as<PLpgSQL_stmt_case>(one));
      case PLPGSQL_STMT_LOOP: return loop([&] { statements(as<PLpgSQL_stmt_loop>(one).body); });
      case PLPGSQL_STMT_WHILE:
        return loop([&] {
          line_ = one->lineno;
          take(as<PLpgSQL_stmt_while>(one).cond);
          statements(as<PLpgSQL_stmt_while>(one).body);
        });
      case PLPGSQL_STMT_FORI: {
        const auto& loop_over = as<PLpgSQL_stmt_fori>(one);
        for (const auto* bound : {loop_over.lower, loop_over.upper, loop_over.step}) take(bound);
        return loop([&] { statements(loop_over.body); });
      }
      case PLPGSQL_STMT_FORS: {
        const auto& loop_over = as<PLpgSQL_stmt_fors>(one);
        return rows(loop_over.var, take(loop_over.query), loop_over.body);
      }
      case PLPGSQL_STMT_FORC: {
        const auto& loop_over = as<PLpgSQL_stmt_forc>(one);
        take(loop_over.argquery);
        return rows(loop_over.var, cursor(loop_over.curvar), loop_over.body);
      }
      case PLPGSQL_STMT_DYNFORS: {
        const auto& loop_over = as<PLpgSQL_stmt_dynfors>(one);
        return rows(loop_over.var, execute(loop_over.query, loop_over.params, true), loop_over.body);
      }
      case PLPGSQL_STMT_FOREACH_A: {
        const auto& loop_over = as<PLpgSQL_stmt_foreach_a>(one);
        const TupleDesc element = element_shape(take(loop_over.expr));
        const PLpgSQL_datum* target = function_->datums[loop_over.varno];
        refer_to_target(loop_over.varno);
        return rows(reinterpret_cast<const PLpgSQL_variable*>(target), element, loop_over.body);
      }
      case PLPGSQL_STMT_EXIT: take(as<PLpgSQL_stmt_exit>(one).cond); return;
      case PLPGSQL_STMT_RETURN: take(as<PLpgSQL_stmt_return>(one).expr); return;
      case PLPGSQL_STMT_RETURN_NEXT: take(as<PLpgSQL_stmt_return_next>(one).expr); return;
      case PLPGSQL_STMT_RETURN_QUERY: {
        const auto& query = as<PLpgSQL_stmt_return_query>(one);
        take(query.query);
        execute(query.dynquery, query.params, true);
        return;
      }
      case PLPGSQL_STMT_RAISE: {
        const auto& raise = as<PLpgSQL_stmt_raise>(one);
        take_all(raise.params);
        ListCell* cell;
        foreach (cell, raise.options) take(static_cast<PLpgSQL_raise_option*>(lfirst(cell))->expr);
        return;
      }
      case PLPGSQL_STMT_ASSERT:
        take(as<PLpgSQL_stmt_assert>(one).cond);
        take(as<PLpgSQL_stmt_assert>(one).message);
        return;
      case PLPGSQL_STMT_EXECSQL: {
        const auto& sql = as<PLpgSQL_stmt_execsql>(one);
        const TupleDesc result = take(sql.sqlstmt);
        if (sql.into) assign(sql.target, result);
        return;
      }
      case PLPGSQL_STMT_DYNEXECUTE: {
        const auto& sql = as<PLpgSQL_stmt_dynexecute>(one);
        const TupleDesc result = execute(sql.query, sql.params, sql.into);
        if (sql.into) assign(sql.target, result);
        return;
      }
      case PLPGSQL_STMT_OPEN: {
        const auto& open = as<PLpgSQL_stmt_open>(one);
        take(open.argquery);
        if (open.query) assign(open.curvar, take(open.query));
        if (open.dynquery) assign(open.curvar, execute(open.dynquery, open.params, true));
        return;
      }
      case PLPGSQL_STMT_FETCH: {
        const auto& fetch = as<PLpgSQL_stmt_fetch>(one);
        take(fetch.expr);
        if (!fetch.is_move) assign(fetch.target, cursor(fetch.curvar));
        return;
      }
      case PLPGSQL_STMT_PERFORM: take(as<PLpgSQL_stmt_perform>(one).expr); return;
      case PLPGSQL_STMT_CALL: return call(as<PLpgSQL_stmt_call>(one));
      case PLPGSQL_STMT_GETDIAG: {
        ListCell* cell;
        foreach (cell, as<PLpgSQL_stmt_getdiag>(one).diag_items)
          refer_to_target(static_cast<PLpgSQL_diag_item*>(lfirst(cell))->target);
        return;
      }
      case PLPGSQL_STMT_CLOSE: return;
      case PLPGSQL_STMT_COMMIT:
      case PLPGSQL_STMT_ROLLBACK: reader_.end_transaction(); return;
    }
    reader_.add_unread(line_);
  }

  void block(const PLpgSQL_stmt_block& block) {
    for (int i = 0; i < block.n_initvars; ++i) declaration(function_->datums[block.initvarnos[i]]);
    if (!block.exceptions) {
      const Runs runs = reader_.doubt().runs;
      statements(block.body);
      if (block.label) reader_.doubt().runs = runs;  // EXIT may have left it alone
      return;
    }
    // What the body has made, and the search_path that it has set, is undone when an error is caught.
    const auto left = reader_.state();
    const Doubt doubt = reader_.doubt();
    Ends ends(*this);
    for (const int sqlstate : caught_by(*block.exceptions)) reader_.doubt().caught.push_back(sqlstate);
    one_way([&] { statements(block.body); });
    reader_.doubt().caught = doubt.caught;
    Doubt after = reader_.doubt();
    ends.add(block.body);
    ListCell* cell;
    foreach (cell, block.exceptions->exc_list) {
      List* action = static_cast<PLpgSQL_exception*>(lfirst(cell))->action;
      reader_.restore(left);
      reader_.doubt() = doubt;
      one_way([&] { statements(action); });
      ends.add(action);
      if (block.label || !leaves(action, false)) after.runs = doubt.runs;
    }
    ends.join();
    reader_.doubt() = after;
  }

  /// What the procedure assigns to is not known afterwards.
  void call(const PLpgSQL_stmt_call& call) {
    if (!call.is_call) {  // DO
      reader_.add_unread(line_);
      reader_.run_unread({}, false);
      return;
    }
    const Understood is = understood(*call.expr);
    ListCell* cell;
    foreach (cell, is.outputs)
      if (lfirst_int(cell) >= 0 && lfirst_int(cell) < function_->ndatums) forget(lfirst_int(cell));
    if (!is.error) return;
    for (int i = 0; i < function_->ndatums; ++i) forget(i);
  }

  void forget(int number) {
    if (function_->datums[number]->dtype == PLPGSQL_DTYPE_REC) assign(number, nullptr);
    forget_cursor(number);
  }

  void declaration(const PLpgSQL_datum* datum) {
    if (datum->dtype != PLPGSQL_DTYPE_VAR && datum->dtype != PLPGSQL_DTYPE_REC) return;
    const auto* variable = reinterpret_cast<const PLpgSQL_variable*>(datum);
    if (variable->lineno > 0) line_ = variable->lineno;
    if (datum->dtype == PLPGSQL_DTYPE_REC) {
      const auto* record = reinterpret_cast<const PLpgSQL_rec*>(datum);
      refer_to_type(record->rectypeid, variable);
      if (!fixed_[at(datum->dno)]) assigned_[at(datum->dno)] = false;
      if (record->default_val) assign(datum->dno, value_shape(record->default_val));
      return;
    }
    const auto* scalar = reinterpret_cast<const PLpgSQL_var*>(datum);
    refer_to_type(scalar->datatype->typoid, variable);
    take(scalar->default_val);
    if (scalar->cursor_explicit_expr) assign(datum->dno, take(scalar->cursor_explicit_expr));
    note_value(*variable, scalar->default_val);
  }

  /// The column or the table that the declaration names, otherwise the type.
  void refer_to_type(Oid type, const PLpgSQL_variable* variable) {
    const auto declared = declared_.find({variable->lineno, variable->refname});
    if (declared != declared_.end() && refer_to_declared(declared->second)) return;
    const auto [relation, element] = pg::call([&] {
      const Oid item = get_element_type(type);
      const Oid base = OidIsValid(item) ? item : type;
      const Oid table = get_typ_typrelid(base);
      const bool rows = OidIsValid(table) && get_rel_relkind(table) != RELKIND_COMPOSITE_TYPE;
      return std::pair(rows ? table : InvalidOid, base);
    });
    if (relation >= FirstNormalObjectId)
      reader_.refer({RelationRelationId, relation, 0}, line_, Certainty::kCertain);
    else if (element >= FirstNormalObjectId)
      reader_.refer({TypeRelationId, element, 0}, line_, Certainty::kCertain);
  }

  bool refer_to_declared(const DeclaredType& type) {
    const LookedUp found = look_up(type);
    if (!found.relation || (!type.rows && !found.column)) return false;
    if (found.relation < FirstNormalObjectId) return true;
    if (!type.rows) reader_.refer({RelationRelationId, found.relation, found.column}, line_, Certainty::kCertain);
    reader_.refer({RelationRelationId, found.relation, 0}, line_, Certainty::kCertain);
    return true;
  }

  void assignment(const PLpgSQL_stmt_assign& assignment) {
    const PLpgSQL_datum* datum = function_->datums[assignment.varno];
    if (datum->dtype == PLPGSQL_DTYPE_REC)
      assign(assignment.varno, value_shape(assignment.expr));
    else
      take(assignment.expr);
    forget_cursor(assignment.varno);
    if (datum->dtype == PLPGSQL_DTYPE_VAR)
      note_value(*reinterpret_cast<const PLpgSQL_variable*>(datum), assignment.expr);
  }

  void note_value(const PLpgSQL_variable& variable, const PLpgSQL_expr* value) {
    if (value && caller_ && names_trigger(value->query)) of_caller_.insert(variable.refname);
  }

  /// What speaks of who calls has a part of a name of the trigger's variables in it, or one that holds one of them.
  bool names_trigger(const std::string& expression) const { return speaks_of_caller(expression, of_caller_); }

  // --- branches -----------------------------------------------------------------------------------------

  /// What the ways that go on leave to what follows.
  class Ends {
   public:
    explicit Ends(Walk& walk) : reader_(walk.reader_) {}
    void add(List* statements) {
      // EXIT leads to what comes after a loop.
      if (!leaves(statements, true)) ends_ = ends_ ? Reader::joined(*ends_, reader_.state()) : reader_.state();
    }
    void join() {
      if (ends_) reader_.restore(*ends_);
    }

   private:
    Reader& reader_;
    std::optional<Reader::State> ends_;
  };

  Truth truth(const PLpgSQL_expr* condition, const PLpgSQL_expr* compared = nullptr) const {
    if (!caller_) return Truth::kEither;
    return truth_of(condition->query, *caller_, of_caller_, compared ? compared->query : "");
  }

  /// Nobody gets here who calls as the caller at hand does: what is known of its rows does not hold.
  void leave_to_others() {
    reader_.doubt().runs = Runs::kNever;
    if (!caller_ || function_->new_varno < 0) return;
    const TupleDesc rows = rows_;
    for (int i = 0; i < function_->ndatums; ++i)
      if (rows && shapes_[at(i)] && shapes_[at(i)]->tdtypeid == rows->tdtypeid &&
          function_->datums[i]->dtype == PLPGSQL_DTYPE_REC &&
          reinterpret_cast<PLpgSQL_rec*>(function_->datums[i])->rectypeid == RECORDOID)
        shapes_[at(i)] = nullptr;
  }

  /// The branches of one IF or CASE, in their order.
  class Branches {
   public:
    explicit Branches(Walk& walk)
        : walk_(walk),
          ends_(walk),
          shapes_(walk.shapes_),
          assigned_(walk.assigned_),
          left_(walk.reader_.state()),
          doubt_(walk.reader_.doubt()) {}

    void add(Truth truth, List* statements) {
      begin();
      Doubt& doubt = walk_.reader_.doubt();
      if (doubt_.runs == Runs::kNever || taken_ || truth == Truth::kFalse)
        walk_.leave_to_others();
      else if (unclear_ || truth == Truth::kUnclear)
        doubt.runs = Runs::kPerhaps;
      const bool never = doubt.runs == Runs::kNever;
      const bool perhaps = doubt.runs == Runs::kPerhaps;
      doubt.looked = doubt.looked || walk_.looked_;
      walk_.statements(statements);
      ends_.add(statements);
      if (!never) {
        const bool leaves_it = leaves(statements, false);
        any_goes_on_ = any_goes_on_ || !leaves_it;
        if (leaves_it && perhaps) leaves_perhaps_ = true;
        if (leaves_it) leaves_ = true;
      }
      if (truth == Truth::kTrue && !unclear_) taken_ = true;
      if (truth == Truth::kUnclear) unclear_ = true;
    }
    /// What holds after them for records is to be put right by one_way(). What follows is run when one goes on.
    void join() {
      begin();
      ends_.join();
    }
    void doubt_after() {
      Doubt& doubt = walk_.reader_.doubt();
      doubt = doubt_;
      if (!any_goes_on_ && doubt.runs != Runs::kNever && walk_.caller_)
        walk_.leave_to_others();
      else if (leaves_perhaps_ && doubt.runs == Runs::kYes)
        doubt.runs = Runs::kPerhaps;
      if (leaves_ && walk_.looked_) doubt.looked = true;
    }

   private:
    void begin() {
      walk_.shapes_ = shapes_;
      walk_.assigned_ = assigned_;
      walk_.reader_.restore(left_);
      walk_.reader_.doubt() = doubt_;
    }

    Walk& walk_;
    Ends ends_;
    const std::vector<TupleDesc> shapes_;
    const std::vector<char> assigned_;
    const Reader::State left_;
    const Doubt doubt_;
    bool taken_ = false, unclear_ = false, any_goes_on_ = false, leaves_ = false, leaves_perhaps_ = false;
  };

  void branches(const PLpgSQL_stmt_if& one) {
    take(one.cond);
    Branches branches(*this);
    one_way([&] {
      branches.add(truth(one.cond), one.then_body);
      ListCell* cell;
      foreach (cell, one.elsif_list) {
        const auto* next = static_cast<const PLpgSQL_if_elsif*>(lfirst(cell));
        line_ = next->lineno;
        take(next->cond);
        branches.add(truth(next->cond), next->stmts);
      }
      branches.add(Truth::kTrue, one.else_body);
      branches.join();
    });
    branches.doubt_after();
  }

  void branches(const PLpgSQL_stmt_case& one) {
    take(one.t_expr);
    // The value that is compared has the type of the expression (exec_stmt_case() in pl_exec.c), which is compiled as integer.
    if (one.t_varno >= 0) unknown_[at(one.t_varno)] = true;
    Branches branches(*this);
    one_way([&] {
      ListCell* cell;
      foreach (cell, one.case_when_list) {
        const auto* when = static_cast<const PLpgSQL_case_when*>(lfirst(cell));
        line_ = when->lineno;
        take(when->expr);
        branches.add(truth(when->expr, one.t_expr), when->stmts);
      }
      if (one.have_else) branches.add(Truth::kTrue, one.else_stmts);
      branches.join();
    });
    branches.doubt_after();
  }

  /// A loop over rows: the record is one of them, and of that shape afterwards too.
  void rows(const PLpgSQL_variable* target, TupleDesc shape, List* body) {
    const int line = line_;
    const auto take_row = [&] {
      const int inside = line_;
      line_ = line;
      if (target) assign(target, shape);
      line_ = inside;
    };
    take_row();
    loop([&] { statements(body); });
  }

  TupleDesc cursor(int number) { return shapes_[at(number)]; }

  TupleDesc element_shape(TupleDesc array) {
    if (!array || array->natts != 1) return nullptr;
    const Oid type = TupleDescAttr(array, 0)->atttypid;
    return pg::call([&] {
      const Oid element = get_element_type(type);
      return OidIsValid(element) && type_is_rowtype(element) && element != RECORDOID;
    })
               ? shape_of_type(pg::call([&] { return get_element_type(type); }))
               : nullptr;
  }

  static constexpr int kDeepest = 3;  // loops in one another that are gone through twice

  CompiledFunction& function_;
  Reader& reader_;
  std::vector<TupleDesc> shapes_;
  std::vector<char> assigned_, fixed_;
  std::unique_ptr<bool[]> unknown_;
  std::vector<std::pair<int, TupleDesc>> assignments_;
  const Caller* caller_ = nullptr;
  TupleDesc rows_ = nullptr;         // its table's
  std::set<std::string> of_caller_;  // variables that hold something of the caller's
  bool looked_ = false;              // the body has looked for what there is
  std::map<std::pair<int, std::string>, DeclaredType> declared_;
  int line_ = 1;
  int loops_ = 0;
};

/// The body speaks of a field of NEW or OLD, of rows that a trigger gives a name, or of who calls.
bool looks_at_callers(const CompiledFunction& function, const std::vector<Caller>& callers, bool speaks) {
  for (int i = 0; i < function->ndatums; ++i)
    if (function->datums[i]->dtype == PLPGSQL_DTYPE_RECFIELD) {
      const int record = reinterpret_cast<PLpgSQL_recfield*>(function->datums[i])->recparentno;
      if (record == function->new_varno || record == function->old_varno) return true;
    }
  return speaks || std::any_of(callers.begin(), callers.end(), [](const Caller& caller) {
           return !caller.new_table.empty() || !caller.old_table.empty();
         });
}

/// TG_OP and its like are in the text.
bool has_trigger_variable(const std::string& text) {
  for (std::size_t at = 0; at + 3 < text.size(); ++at)
    if ((text[at] == 't' || text[at] == 'T') && (text[at + 1] == 'g' || text[at + 1] == 'G') && text[at + 2] == '_')
      return true;
  return false;
}

/// The line that the compiler names: in the position of the error, or at the end of its context.
int line_of(const pg::Error& error, const Source& source) {
  if (error.internal_position > 0)
    return source.line_of(
        script::byte_of_character(source.text(), static_cast<std::size_t>(error.internal_position - 1)));
  const std::size_t end = error.context.find('\n');
  const std::string first = error.context.substr(0, end);
  const std::size_t last_word = first.find_last_of(' ');
  return last_word == std::string::npos ? 1 : std::max(1, atoi(first.c_str() + last_word + 1));
}

}  // namespace

void read_plpgsql(const Compiled& of, Reader& reader) {
  std::optional<CompiledFunction> function;
  try {
    const pg::Subtransaction undone;
    function.emplace(of.oid, of.trigger, of.event_trigger);
  } catch (const pg::Error& error) {
    if (error.interrupts()) throw;
    if (error.sqlerrcode != ERRCODE_SYNTAX_ERROR || !add_missing_declared(reader))
      reader.add_problem(error, line_of(error, reader.source()));
    return;
  }
  const bool speaks = has_trigger_variable(reader.source().text());
  auto callers = of.trigger ? callers_of(of.oid, of.in_place_of, speaks) : std::vector<Caller>();
  if (callers.size() > 1 && !looks_at_callers(*function, callers, speaks)) callers.resize(1);
  if (callers.empty()) callers.emplace_back();
  for (const auto& caller : callers) {
    reader.begin();
    Walk walk(*function, reader);
    if (of.polymorphic) walk.set_polymorphic();
    if (caller.relation) {
      walk.set_caller(caller);
      reader.set_caller("It is called by trigger " + caller.name + ".");
      for (const auto& name : {caller.new_table, caller.old_table})
        if (!name.empty()) reader.add_own(name, shape_of_relation(caller.relation));
      for (const auto& other : callers)
        for (const auto& name : {other.new_table, other.old_table})
          if (!name.empty()) reader.add_of_others(name);
    }
    walk.run();
  }
}

}  // namespace pgschema::bodies
