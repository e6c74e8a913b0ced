#include "message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/wire.h"
#include "../../protocol/protocol.h"

enum { OOM_SCORE_BIAS = 1000 };

static int take_name(struct rd *rd, char to[MAX_HOSTNAME + 1], char **free_space);
static void take_network(struct rd *rd, struct network *out);
static void take_address(struct rd *rd, struct net_address *out);
static int take_addresses(struct rd *rd, struct bootstrap *out);
static int take_mac(struct rd *rd, struct bootstrap *out);
static int take_mounts(struct rd *rd, struct bootstrap *out, char **free_space);
static int take_settings(struct rd *rd, struct setting *to, uint32_t most, uint32_t *count, char **free_space);
static int take_devices(struct rd *rd, struct bootstrap *out, char **free_space);
static int refuse(struct err *err, int code, const char *what);
static char *take_string(struct rd *rd, char **free_space);
static void take_list(struct rd *rd, const char **vector, uint32_t count, char **free_space);
static int take_exact(struct rd *rd, void *to, uint32_t size);
static int take_generation(struct rd *rd, const char *what, struct err *err);

int prepare_decode(const uint8_t *payload, size_t size, struct network *out, struct err *err) {
    struct rd rd = {.p = payload, .left = size};
    if (take_generation(&rd, "prepare", err))
        return -1;
    take_network(&rd, out);
    if (rd.bad || rd.left)
        return refuse(err, EPROTO, "prepare is malformed");
    return 0;
}

int bootstrap_decode(const uint8_t *payload, size_t size, struct bootstrap *out, struct err *err) {
    struct rd rd = {.p = payload, .left = size};
    memset(out, 0, sizeof *out);
    if (take_generation(&rd, "bootstrap", err))
        return -1;

    /* Every string grows by its NUL and shrinks by its length prefix: the payload's size is enough. */
    out->storage = malloc(size + 1);
    if (!out->storage)
        return refuse(err, ENOMEM, "no memory for bootstrap");
    char *space = out->storage;

    out->wall_ns = rd_u64(&rd);
    if (take_exact(&rd, out->entropy, ENTROPY_BYTES))
        return refuse(err, EPROTO, "bootstrap's entropy is not 32 bytes");
    out->flags = rd_u32(&rd);
    if (take_name(&rd, out->hostname, &space) || take_name(&rd, out->domainname, &space))
        return refuse(err, EPROTO, "the hostname or domain name is longer than 64 bytes");
    if (take_exact(&rd, out->machine_id, MACHINE_ID_BYTES))
        return refuse(err, EPROTO, "the machine id is not 32 bytes");
    take_network(&rd, &out->network);
    if (take_addresses(&rd, out))
        return refuse(err, E2BIG, "more networks than the agent takes");
    if (take_mac(&rd, out))
        return refuse(err, EPROTO, "the MAC address is not 6 bytes");
    out->resolv_conf = take_string(&rd, &space);
    out->hosts = take_string(&rd, &space);
    out->shm_bytes = rd_u64(&rd);
    out->pids_max = rd_u32(&rd);
    if (take_mounts(&rd, out, &space) ||
        take_settings(&rd, out->sysctls, BL_LIMIT_MAX_SYSCTLS, &out->sysctl_count, &space) ||
        take_settings(&rd, out->limits, BL_LIMIT_MAX_CGROUP_LIMITS, &out->limit_count, &space) ||
        take_devices(&rd, out, &space))
        return refuse(err, E2BIG, "more mounts, settings or devices than the agent takes");
    if (rd.bad || rd.left)
        return refuse(err, EPROTO, "bootstrap is malformed");
    return 0;
}

void bootstrap_free(struct bootstrap *message) {
    free(message->storage);
    message->storage = NULL;
}

int net_address_decode(const uint8_t *payload, size_t size, bool *add, struct net_address *out, struct err *err) {
    struct rd rd = {.p = payload, .left = size};
    *add = rd_u8(&rd);
    take_address(&rd, out);
    if (rd.bad || rd.left)
        return refuse(err, EPROTO, "the address is malformed");
    return 0;
}

int exec_request_decode(const uint8_t *payload, size_t size, struct exec_request *out, struct err *err) {
    struct rd rd = {.p = payload, .left = size};
    memset(out, 0, sizeof *out);
    out->flags = rd_u32(&rd);
    out->rows = rd_u16(&rd);
    out->cols = rd_u16(&rd);
    out->timeout_ms = rd_u32(&rd);
    out->capabilities = rd_u64(&rd);

    /* Two vectors of at most MAX_ARGS and their NULLs (env one more, for HOME), then the strings. */
    size_t vectors = sizeof(char *) * (2 * (size_t)BL_LIMIT_MAX_ARGS + 3);
    if (vectors > sizeof(char *) * (size / 4 + 3))
        vectors = sizeof(char *) * (size / 4 + 3); /* each item has a 4-byte length */
    out->storage = malloc(vectors + size + 1);
    if (!out->storage)
        return refuse(err, ENOMEM, "no memory for exec");
    char *space = out->storage + vectors;
    out->argv = (const char **)(void *)out->storage;

    out->oom_score_adj = rd_u16(&rd) - OOM_SCORE_BIAS;
    out->user = take_string(&rd, &space);
    out->group_count = rd_u32(&rd);
    if (out->group_count > BL_LIMIT_MAX_GROUPS)
        return refuse(err, E2BIG, "more groups than the agent takes");
    for (uint32_t i = 0; i < out->group_count; i++)
        out->groups[i] = take_string(&rd, &space);
    out->cwd = take_string(&rd, &space);
    out->arg_count = rd_u32(&rd);
    if (rd.bad || out->arg_count > BL_LIMIT_MAX_ARGS || out->arg_count > rd.left / 4)
        return refuse(err, rd.bad ? EPROTO : E2BIG, "exec's arguments are too many or cut short");
    take_list(&rd, out->argv, out->arg_count, &space);

    out->env = out->argv + out->arg_count + 1;
    out->env_count = rd_u32(&rd);
    if (rd.bad || out->env_count > BL_LIMIT_MAX_ARGS || out->env_count > rd.left / 4)
        return refuse(err, rd.bad ? EPROTO : E2BIG, "exec's environment is too large or cut short");
    take_list(&rd, out->env, out->env_count, &space);

    out->rlimit_count = rd_u32(&rd);
    if (out->rlimit_count > MAX_RLIMITS)
        return refuse(err, E2BIG, "more resource limits than Linux has");
    for (uint32_t i = 0; i < out->rlimit_count; i++) {
        out->rlimits[i].resource = rd_u32(&rd);
        out->rlimits[i].soft = rd_u64(&rd);
        out->rlimits[i].hard = rd_u64(&rd);
    }
    if (rd.bad || rd.left || abs(out->oom_score_adj) > OOM_SCORE_BIAS)
        return refuse(err, EPROTO, "exec is malformed");
    return 0;
}

void exec_request_free(struct exec_request *message) {
    free(message->storage);
    message->storage = NULL;
}

/* Another generation than ours is refused before anything after it is read. */
static int take_generation(struct rd *rd, const char *what, struct err *err) {
    uint32_t generation = rd_u32(rd);
    if (rd->bad)
        return err_set(err, EPROTO, "%s is cut short", what);
    if (generation != BL_GENERATION)
        return err_set(err, EPROTO, "the host speaks protocol generation %u, this guest agent %u", generation,
                       (unsigned)BL_GENERATION);
    return 0;
}

static int take_name(struct rd *rd, char to[MAX_HOSTNAME + 1], char **free_space) {
    const char *name = take_string(rd, free_space);
    if (!name || strlen(name) > MAX_HOSTNAME)
        return -1;
    memcpy(to, name, strlen(name) + 1);
    return 0;
}

static void take_network(struct rd *rd, struct network *out) {
    memset(out, 0, sizeof *out); /* two are compared as bytes */
    out->address = rd_u32(rd);
    out->prefix = rd_u8(rd);
    out->gateway = rd_u32(rd);
    rd->bad |= take_exact(rd, &out->address6, sizeof out->address6) != 0;
    out->prefix6 = rd_u8(rd);
    rd->bad |= take_exact(rd, &out->gateway6, sizeof out->gateway6) != 0;
    out->mtu = rd_u32(rd);
    rd->bad |= out->prefix > 32 || out->prefix6 > 128;
}

static int take_addresses(struct rd *rd, struct bootstrap *out) {
    out->address_count = rd_u32(rd);
    if (out->address_count > BL_LIMIT_MAX_LINKS)
        return -1;
    for (uint32_t i = 0; i < out->address_count; i++)
        take_address(rd, &out->addresses[i]);
    return 0;
}

static void take_address(struct rd *rd, struct net_address *out) {
    memset(out, 0, sizeof *out);
    out->address = rd_u32(rd);
    out->prefix = rd_u8(rd);
    rd->bad |= take_exact(rd, &out->address6, sizeof out->address6) != 0;
    out->prefix6 = rd_u8(rd);
    rd->bad |= out->prefix > 32 || out->prefix6 > 128;
}

static int take_mac(struct rd *rd, struct bootstrap *out) {
    const uint8_t *bytes = NULL;
    uint32_t size = 0;
    rd_bytes(rd, &bytes, &size);
    if (rd->bad || (size && size != MAC_BYTES))
        return -1;
    out->has_mac = size > 0;
    if (size)
        memcpy(out->mac, bytes, MAC_BYTES);
    return 0;
}

static int take_mounts(struct rd *rd, struct bootstrap *out, char **free_space) {
    out->mount_count = rd_u32(rd);
    if (out->mount_count > MAX_MOUNTS)
        return -1;
    for (uint32_t i = 0; i < out->mount_count; i++) {
        struct mount_request *m = &out->mounts[i];
        m->kind = rd_u8(rd);
        m->source = take_string(rd, free_space);
        m->target = take_string(rd, free_space);
        m->flags = rd_u32(rd);
        m->options = take_string(rd, free_space);
        m->subpath = take_string(rd, free_space);
        m->copy_up = rd_u8(rd) != 0;
        m->notify = rd_u32(rd);
    }
    return 0;
}

static int take_settings(struct rd *rd, struct setting *to, uint32_t most, uint32_t *count, char **free_space) {
    *count = rd_u32(rd);
    if (*count > most)
        return -1;
    for (uint32_t i = 0; i < *count; i++) {
        to[i].name = take_string(rd, free_space);
        to[i].value = take_string(rd, free_space);
    }
    return 0;
}

static int take_devices(struct rd *rd, struct bootstrap *out, char **free_space) {
    out->device_count = rd_u32(rd);
    if (out->device_count > BL_LIMIT_MAX_DEVICES)
        return -1;
    for (uint32_t i = 0; i < out->device_count; i++) {
        struct device_request *d = &out->devices[i];
        d->path = take_string(rd, free_space);
        d->kind = rd_u8(rd);
        d->access = rd_u8(rd);
        d->major = rd_u32(rd);
        d->minor = rd_u32(rd);
        d->mode = rd_u32(rd);
    }
    return 0;
}

static int refuse(struct err *err, int code, const char *what) { return err_set(err, code, "%s", what); }

/* Copies the next field as a C string; a NUL inside would end it early for the kernel, so it is refused. */
static char *take_string(struct rd *rd, char **free_space) {
    const uint8_t *bytes = NULL;
    uint32_t size = 0;
    rd_bytes(rd, &bytes, &size);
    if (rd->bad || (size && memchr(bytes, 0, size))) {
        rd->bad = true;
        return NULL;
    }
    char *string = *free_space;
    if (size)
        memcpy(string, bytes, size);
    string[size] = 0;
    *free_space += size + 1;
    return string;
}

static void take_list(struct rd *rd, const char **vector, uint32_t count, char **free_space) {
    for (uint32_t i = 0; i < count; i++)
        vector[i] = take_string(rd, free_space);
    vector[count] = NULL;
}

static int take_exact(struct rd *rd, void *to, uint32_t size) {
    const uint8_t *bytes = NULL;
    uint32_t got = 0;
    rd_bytes(rd, &bytes, &got);
    if (rd->bad || got != size)
        return -1;
    memcpy(to, bytes, size);
    return 0;
}
