/* What the engine asks for: one SHIM_CONFIG message (src/agent/protocol.ts) from descriptor 3. */
#ifndef BOXLITE_SHIM_BOX_CONFIG_H
#define BOXLITE_SHIM_BOX_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../common/err.h"
#include "../../protocol/protocol.h"
#include "../group/group.h"
#include "config-net.h"

enum { MAX_FILES = 256, MAX_FOREIGN_IDS = 64, MAX_RLIMITS = 32, MAX_SHARES = BL_LIMIT_MAX_SHARES };

#define UNCHANGED_ID UINT32_MAX

struct passed_file {
    int fd; /* the number the VMM sees */
    uint32_t flags;
    const char *path;
};

/* A directory or file of the host that the guest sees. */
struct share {
    uint32_t flags; /* BL_SHARE_* */
    const char *path;
};

struct id_range {
    uint32_t first, last;
};

struct limit {
    uint32_t resource;
    uint64_t soft, hard;
};

struct config {
    uint32_t flags; /* BL_SHIM_FLAG_* */
    uint32_t walls, needed_walls; /* BL_WALL_* */
    char **roots;                 /* what the VMM may read and execute */
    uint32_t root_count;
    const char *box, *directory;
    uint32_t console_limit;
    uint64_t log_max_bytes; /* of a file of the output log; 0: no limit */
    uint32_t log_max_files; /* 0: no output log */
    char **argv, **env; /* NULL-terminated; env has room for one more */
    uint32_t env_count;
    struct passed_file files[MAX_FILES];
    uint32_t file_count;
    int qmp_fd, port_fd, console_fd;
    const char *id_directory; /* empty: the VMM keeps the shim's user; see vmm/ids.h */
    uint32_t first_id, id_ranges;
    struct id_range foreign_ids[MAX_FOREIGN_IDS];
    uint32_t foreign_count;
    struct limit rlimits[MAX_RLIMITS];
    uint32_t rlimit_count;
    struct bounds bounds; /* of its control group */
    const char *preload;            /* empty: none */
    char **exit_argv, **exit_env;   /* exit_argv NULL: nothing to run */
    uint32_t exit_delay_ms;         /* BL_NO_ON_EXIT: never; see src/agent/protocol.ts */
    uint32_t timeout_ms;            /* of main; 0: none */
    int share_fd;                   /* one of `files`; the tree of shares replaces it */
    struct share shares[MAX_SHARES];
    uint32_t share_count;
    struct net_config net;
    char *storage;
};

/* Reads the u32 length and the message, then checks both. The configuration lives as long as the shim. */
int config_read(int fd, struct config *config, struct err *err);
/* The second half alone. EPROTO: malformed; EINVAL: an invalid value, which the message names. */
int config_decode(const uint8_t *message, size_t size, struct config *config, struct err *err);
/* Whether it has shares that reach the VMM by mounts. */
bool config_mounts_shares(const struct config *config);
void config_free(struct config *config);

#endif
