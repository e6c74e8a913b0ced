/* The messages that the guest decodes. Source of the layout: src/agent/protocol.ts. */
#ifndef BOXLITE_GUEST_MESSAGE_H
#define BOXLITE_GUEST_MESSAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../common/err.h"
#include "../../protocol/protocol.h"

enum {
    MAX_MOUNTS = 128,
    MAX_RLIMITS = 32,
    MAX_HOSTNAME = 64,
    MACHINE_ID_BYTES = 32,
    ENTROPY_BYTES = 32,
    MAC_BYTES = 6
};

/* What the host's network gives the box; addresses of IPv4 in host byte order. */
struct network {
    uint32_t address, gateway;
    uint8_t prefix, prefix6;
    struct in6_addr address6, gateway6;
    uint32_t mtu;
};

/* The box's address in a network besides its primary one, or in one that it joins while it runs. */
struct net_address {
    uint32_t address;
    uint8_t prefix, prefix6;
    struct in6_addr address6;
};

struct mount_request {
    uint8_t kind;
    uint32_t flags; /* MS_* */
    const char *source, *target, *options, *subpath;
    bool copy_up;
    uint32_t notify; /* the share's number plus 1; 0: the box does not notice the host's changes */
};

/* One file that a text is written to. */
struct setting {
    const char *name, *value;
};

struct device_request {
    const char *path; /* empty: no node, only the rule */
    uint8_t kind, access;
    uint32_t major, minor, mode;
};

struct bootstrap {
    uint32_t flags;
    uint64_t wall_ns;
    uint8_t entropy[ENTROPY_BYTES];
    char hostname[MAX_HOSTNAME + 1], domainname[MAX_HOSTNAME + 1];
    char machine_id[MACHINE_ID_BYTES + 1];
    struct network network;
    struct net_address addresses[BL_LIMIT_MAX_LINKS];
    uint32_t address_count;
    bool has_mac;
    uint8_t mac[MAC_BYTES];
    const char *resolv_conf; /* the whole file */
    const char *hosts;       /* lines for /etc/hosts */
    uint64_t shm_bytes;
    uint32_t pids_max;
    struct mount_request mounts[MAX_MOUNTS];
    uint32_t mount_count;
    struct setting sysctls[BL_LIMIT_MAX_SYSCTLS]; /* paths below /proc/sys */
    uint32_t sysctl_count;
    struct setting limits[BL_LIMIT_MAX_CGROUP_LIMITS]; /* files of the box's cgroup */
    uint32_t limit_count;
    struct device_request devices[BL_LIMIT_MAX_DEVICES];
    uint32_t device_count;
    char *storage; /* all strings; release with bootstrap_free */
};

struct rlimit_request {
    uint32_t resource;
    uint64_t soft, hard;
};

struct exec_request {
    uint32_t flags, timeout_ms;
    uint16_t rows, cols;
    int oom_score_adj;
    uint64_t capabilities;
    const char *user, *cwd;
    const char *groups[BL_LIMIT_MAX_GROUPS];
    uint32_t group_count;
    const char **argv, **env; /* NULL-terminated; env has room for one more */
    uint32_t arg_count, env_count;
    struct rlimit_request rlimits[MAX_RLIMITS];
    uint32_t rlimit_count;
    char *storage; /* all strings and both vectors; release with exec_request_free */
};

/* All refuse what is cut short, too long, holds a NUL inside a string or has bytes left over
 * (EPROTO, or E2BIG for a count above its limit). A generation other than ours is refused before
 * anything after it is read, since nothing after it can be trusted to mean the same. */
int prepare_decode(const uint8_t *payload, size_t size, struct network *out, struct err *err);

int bootstrap_decode(const uint8_t *payload, size_t size, struct bootstrap *out, struct err *err);
void bootstrap_free(struct bootstrap *message);

/* *add = false: the address is to be removed. */
int net_address_decode(const uint8_t *payload, size_t size, bool *add, struct net_address *out, struct err *err);

int exec_request_decode(const uint8_t *payload, size_t size, struct exec_request *out, struct err *err);
void exec_request_free(struct exec_request *message);

#endif
