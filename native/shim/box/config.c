#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../../common/wire.h"
#include "../../protocol/protocol.h"
#include "../log/output-log.h"
#include "config-net.h"

enum { MAX_STRINGS = 65536 };

static int read_all(int fd, uint8_t *to, size_t size, struct err *err);
static char **take_strings(struct decoder *d, const char *name, uint32_t *count);
static int take_fd_number(struct decoder *d, const char *name);
static int check(const struct config *config, struct err *err);
static int check_ids(const struct config *config, struct err *err);
static int check_shares(const struct config *config, struct err *err);
static int check_descriptors(const struct config *config, struct err *err);

int config_read(int fd, struct config *config, struct err *err) {
    uint8_t prefix[4];
    if (read_all(fd, prefix, sizeof prefix, err))
        return -1;
    struct rd rd = {.p = prefix, .left = sizeof prefix};
    uint32_t size = rd_u32(&rd);
    if (size > BL_LIMIT_MAX_MESSAGE)
        return err_set(err, EPROTO, "configuration: %u bytes are more than %u", size, BL_LIMIT_MAX_MESSAGE);
    cleanup_free uint8_t *message = malloc(size ? size : 1);
    if (!message)
        return err_set(err, ENOMEM, "configuration: no memory for %u bytes", size);
    if (read_all(fd, message, size, err))
        return -1;
    return config_decode(message, size, config, err);
}

int config_decode(const uint8_t *message, size_t size, struct config *config, struct err *err) {
    memset(config, 0, sizeof *config);
    struct decoder d = {.rd = {.p = message, .left = size}, .err = err};
    uint32_t generation = rd_u32(&d.rd);
    if (d.rd.bad)
        return err_set(err, EPROTO, "configuration: it is cut short");
    /* In another generation nothing that follows need mean the same. */
    if (generation != BL_GENERATION)
        return err_set(err, EPROTO, "the engine speaks protocol generation %u, this shim %u", generation,
                       BL_GENERATION);
    config->storage = d.space = malloc(size);
    if (!config->storage)
        return err_set(err, ENOMEM, "configuration: no memory");

    config->flags = rd_u32(&d.rd);
    config->walls = rd_u32(&d.rd);
    config->needed_walls = rd_u32(&d.rd);
    config->roots = take_strings(&d, "roots", &config->root_count);
    config->box = decoder_string(&d, "box");
    config->directory = decoder_string(&d, "directory");
    config->console_limit = rd_u32(&d.rd);
    config->log_max_bytes = rd_u64(&d.rd);
    config->log_max_files = rd_u32(&d.rd);
    config->argv = take_strings(&d, "argv", NULL);
    config->env = take_strings(&d, "env", &config->env_count);
    config->file_count = decoder_count(&d, "files", MAX_FILES, 12);
    for (uint32_t i = 0; i < config->file_count && !d.failed; i++) {
        config->files[i].fd = take_fd_number(&d, "files.fd");
        config->files[i].flags = rd_u32(&d.rd);
        config->files[i].path = decoder_string(&d, "files.path");
    }
    config->qmp_fd = take_fd_number(&d, "qmpFd");
    config->port_fd = take_fd_number(&d, "portFd");
    config->console_fd = take_fd_number(&d, "consoleFd");
    config->id_directory = decoder_string(&d, "idDirectory");
    config->first_id = rd_u32(&d.rd);
    config->id_ranges = rd_u32(&d.rd);
    config->foreign_count = decoder_count(&d, "foreignIds", MAX_FOREIGN_IDS, 8);
    for (uint32_t i = 0; i < config->foreign_count; i++) {
        config->foreign_ids[i].first = rd_u32(&d.rd);
        config->foreign_ids[i].last = rd_u32(&d.rd);
    }
    config->rlimit_count = decoder_count(&d, "rlimits", MAX_RLIMITS, 20);
    for (uint32_t i = 0; i < config->rlimit_count; i++) {
        config->rlimits[i].resource = rd_u32(&d.rd);
        config->rlimits[i].soft = rd_u64(&d.rd);
        config->rlimits[i].hard = rd_u64(&d.rd);
    }
    config->bounds.memory = rd_u64(&d.rd);
    config->bounds.tasks = rd_u32(&d.rd);
    config->bounds.cpu_weight = rd_u32(&d.rd);
    config->preload = decoder_string(&d, "preload");
    config->exit_argv = take_strings(&d, "onExit", NULL);
    config->exit_env = take_strings(&d, "onExitEnv", NULL);
    config->exit_delay_ms = rd_u32(&d.rd);
    config->timeout_ms = rd_u32(&d.rd);
    config->share_fd = take_fd_number(&d, "shareFd");
    config->share_count = decoder_count(&d, "shares", MAX_SHARES, 8);
    for (uint32_t i = 0; i < config->share_count && !d.failed; i++) {
        config->shares[i].flags = rd_u32(&d.rd);
        config->shares[i].path = decoder_string(&d, "shares.path");
    }
    config_net_take(&d, &config->net);
    if (d.failed)
        return -1;
    if (d.rd.bad)
        return err_set(err, EPROTO, "configuration: it is cut short");
    if (d.rd.left)
        return err_set(err, EPROTO, "configuration: %zu bytes follow its end", d.rd.left);
    return check(config, err);
}

bool config_mounts_shares(const struct config *config) {
    return config->share_count && !(config->shares[0].flags & BL_SHARE_DIRECT);
}

void config_free(struct config *config) {
    free(config->roots);
    free(config->argv);
    free(config->env);
    free(config->exit_argv);
    free(config->exit_env);
    free(config->net.policy);
    free(config->storage);
    memset(config, 0, sizeof *config);
}

static int read_all(int fd, uint8_t *to, size_t size, struct err *err) {
    for (size_t at = 0; at < size;) {
        ssize_t n = read(fd, to + at, size - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "read the configuration from descriptor %d", fd);
        if (n == 0)
            return err_set(err, EPROTO, "configuration: it ends after %zu of %zu bytes", at, size);
        at += (size_t)n;
    }
    return 0;
}

/* The vector has room for one entry more than there are. */
static char **take_strings(struct decoder *d, const char *name, uint32_t *count) {
    uint32_t n = decoder_count(d, name, MAX_STRINGS, 4);
    char **strings = calloc((size_t)n + 2, sizeof *strings);
    if (!strings) {
        d->failed = true;
        err_set(d->err, ENOMEM, "configuration: no memory for %s", name);
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++)
        strings[i] = (char *)(uintptr_t)decoder_string(d, name);
    if (count)
        *count = n;
    return strings;
}

static int take_fd_number(struct decoder *d, const char *name) {
    uint32_t n = rd_u32(&d->rd);
    if (d->rd.bad || d->failed || (n >= 3 && n <= MAX_FD))
        return (int)n;
    d->failed = true;
    err_set(d->err, EINVAL, "configuration: %s is %u, not between 3 and %d", name, n, MAX_FD);
    return 0;
}

static int check(const struct config *config, struct err *err) {
    if (!*config->box || strlen(config->box) > 128)
        return err_set(err, EINVAL, "configuration: box is empty or too long");
    if (config->directory[0] != '/')
        return err_set(err, EINVAL, "configuration: directory is not an absolute path");
    if (config->log_max_bytes && config->log_max_bytes < LOG_LEAST_FILE_BYTES)
        return err_set(err, EINVAL, "configuration: a file of the output log holds no record");
    if (!config->argv[0] || config->argv[0][0] != '/')
        return err_set(err, EINVAL, "configuration: argv[0] is not an absolute path");
    if (config->exit_argv[0] && config->exit_argv[0][0] != '/')
        return err_set(err, EINVAL, "configuration: onExit is not an absolute path");
    if ((config->walls & BL_WALL_ROOT) && !(config->walls & BL_WALL_NAMESPACES))
        return err_set(err, EINVAL, "configuration: a root of its own needs namespaces");
    for (uint32_t i = 0; i < config->root_count; i++)
        if (config->roots[i][0] != '/' || !config->roots[i][1])
            return err_set(err, EINVAL, "configuration: a root is not an absolute path below /");
    return check_ids(config, err) || check_shares(config, err) || config_net_check(&config->net, err)
               ? -1
               : check_descriptors(config, err);
}

static int check_shares(const struct config *config, struct err *err) {
    bool placed = config->share_count == 0;
    for (uint32_t i = 0; i < config->file_count; i++)
        placed = placed || config->files[i].fd == config->share_fd;
    if (!placed)
        return err_set(err, EINVAL, "configuration: no file has the number of shareFd");
    for (uint32_t i = 0; i < config->share_count; i++) {
        if (config->shares[i].path[0] != '/')
            return err_set(err, EINVAL, "configuration: a share is not an absolute path");
        if ((config->shares[i].flags & BL_SHARE_DIRECT) && config->share_count > 1)
            return err_set(err, EINVAL, "configuration: a direct share must be the only one");
    }
    return 0;
}

static int check_ids(const struct config *config, struct err *err) {
    if (!*config->id_directory)
        return 0;
    if (config->id_directory[0] != '/')
        return err_set(err, EINVAL, "configuration: idDirectory is not an absolute path");
    if (config->share_count && (config->shares[0].flags & BL_SHARE_DIRECT))
        return err_set(err, EINVAL, "configuration: a direct share is the caller's, and so is its VMM");
    /* A VMM never gets root, and the last id stands for nobody. */
    if (!config->first_id || config->id_ranges > (UINT32_MAX - config->first_id) / BL_LIMIT_SHARE_IDS)
        return err_set(err, EINVAL, "configuration: there are no %u ranges from %u on", config->id_ranges,
                       config->first_id);
    return 0;
}

static int check_descriptors(const struct config *config, struct err *err) {
    bool taken[MAX_FD + 1] = {false};
    taken[config->qmp_fd] = true;
    if (*config->net.program) {
        if (taken[config->net.vmm_fd])
            return err_set(err, EINVAL, "configuration: descriptor %d is given twice", config->net.vmm_fd);
        taken[config->net.vmm_fd] = true;
    }
    const int others[] = {config->port_fd, config->console_fd};
    for (uint32_t i = 0; i < 2 + config->file_count; i++) {
        int fd = i < 2 ? others[i] : config->files[i - 2].fd;
        if (taken[fd])
            return err_set(err, EINVAL, "configuration: descriptor %d is given twice", fd);
        taken[fd] = true;
    }
    return 0;
}
