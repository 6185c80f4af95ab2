// Subscriptions in a desired state: definitions alone. What the server does in connection with a publisher is refused.
#pragma once

#include "shadow/text.hpp"

namespace pgschema::shadow {

/// Raises 0A000 for what would connect: CREATE without connect = false, a refresh, a slot's options, DROP of one that has a slot.
void refuse_connecting(const RawStmt& raw, const std::string& context);

/// Subscriptions of which the text says by ALTER SUBSCRIPTION or enabled = false whether they are enabled.
std::set<std::string> said_to_be_enabled(const Text& text);

/// Dumps say connect = false, and so never that a subscription is enabled: where it is not `said`, it is as it is.
void keep_enabled(const std::set<std::string>& said, const Snapshot& live, Snapshot& desired);

}  // namespace pgschema::shadow
