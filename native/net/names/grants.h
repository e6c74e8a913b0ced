/* The addresses that a reply gives a box: what its rules of names go by. */
#ifndef BOXLITE_NET_NAMES_GRANTS_H
#define BOXLITE_NET_NAMES_GRANTS_H

#include "../dns/message.h"
#include "../policy/policy.h"

/* Follows aliases from the name that was asked for; what the reply says of other names counts for nothing. */
void grants_from_reply(struct policy *policy, const uint8_t *reply, size_t size, uint64_t now_ms);

/* The name as a rule has it: "host.example". False when it is none that a rule could have. */
bool grants_name_text(const struct dns_name *name, char text[NET_NAME_BYTES]);

#endif
