// A provider of security labels that accepts every label: PostgreSQL comes with none that a test could use.
#include "pg/server.hpp"

extern "C" {
#include "commands/seclabel.h"
#include "fmgr.h"

__attribute__((visibility("default"))) void _PG_init();
}

namespace {

void accept_label(const ObjectAddress*, const char*) {}

}  // namespace

void _PG_init() { register_label_provider("every", accept_label); }
