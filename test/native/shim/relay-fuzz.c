/* Any frames of a guest and of clients, in any order, to a shim whose descriptors lead nowhere. One volume is watched. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/notify/notify.h"
#include "shim/notify/watches.h"
#include "shim/peers/client.h"
#include "shim/relay/from-client.h"
#include "shim/relay/from-guest.h"

enum { CLIENTS = 3, QUEUE_BYTES = 1 << 16, STEP_BYTES = 6 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct shim shim;

static void connect_client(uint32_t slot);
static void disconnect(uint32_t slot);
static size_t step(const uint8_t *data, size_t size);
static void drop_dead(void);

/* Has a directory `a`, a file `f`, and `l`, a link out of it. */
static char volume[] = "/tmp/boxlite-relay-XXXXXX";

static void remove_volume(void) {
    if (chdir(volume) || rmdir("a") || unlink("f") || unlink("l") || rmdir(volume))
        fprintf(stderr, "%s is left\n", volume);
}

/* The records of a health check go to the working directory, which has no name any more. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    if (!mkdtemp(volume) || chdir(volume) || mkdir("a", 0700) || mknod("f", S_IFREG | 0600, 0) || symlink("..", "l") ||
        mkdir("cwd", 0700) || chdir("cwd") || rmdir("../cwd") || atexit(remove_volume))
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    memset(&shim, 0, sizeof shim);
    shim.vmm.port_fd = shim.vmm.console_fd = shim.vmm.output_fd = shim.watch.epoll_fd = -1;
    shim.net.control_fd = shim.net.frames_fd = shim.net.links_timer_fd = shim.net.decisions.fd = -1;
    shim.listen_fd = shim.signal_fd = shim.qmp_fd = shim.health.timer_fd = shim.unsynced_fd = -1;
    shim.output_log.fd = shim.console_log.fd = -1;
    shim.vmm_end = "";
    shim.config.net.program = shim.config.net.hub_program = "";
    shim.to_guest.cap = shim.main.stdin_frames.cap = QUEUE_BYTES;
    shim.config.id_directory = "";
    shim.config.share_count = 1;
    shim.config.shares[0] = (struct share){.path = volume, .flags = BL_SHARE_NOTIFY};
    struct err err;
    if (notify_open(&shim, &err))
        abort();
    for (uint32_t i = 0; i < CLIENTS; i++)
        connect_client(i);
    for (size_t used; (used = step(data, size)) > 0; data += used, size -= used)
        drop_dead();
    for (uint32_t i = 0; i < CLIENTS; i++)
        if (shim.clients[i])
            disconnect(i);
    /* Without clients, only those that go on without one are left. */
    for (size_t i = 0; i < shim.sessions.count; i++)
        if (!shim.sessions.sessions[i].detached)
            abort();
    for (uint32_t i = 0; i < shim.health.count; i++)
        free(shim.health.checks[i].payload);
    notify_close(&shim);
    queue_free(&shim.to_guest);
    queue_free(&shim.main.stdin_frames);
    session_table_free(&shim.sessions);
    return 0;
}

static void connect_client(uint32_t slot) {
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        abort();
    *client = (struct client){.fd = -1, .id = ++shim.last_client_id, .slot = slot, .out.cap = QUEUE_BYTES};
    shim.clients[slot] = client;
    shim.client_count++;
}

static void disconnect(uint32_t slot) {
    struct client *client = shim.clients[slot];
    uint32_t sessions = 0;
    for (size_t i = 0; i < shim.sessions.count; i++)
        sessions += shim.sessions.sessions[i].client == client->id;
    if (sessions != (client->dead ? 0 : client->session_count))
        abort();
    if (!client->dead)
        client_drop(&shim, client);
    queue_free(&client->in);
    queue_free(&client->out);
    shim.clients[slot] = NULL;
    shim.client_count--;
    free(client);
}

/* u8 who · u8 type · u8 session · u8 flags · u16 length · payload, a copy so that reading beyond it is seen */
static size_t step(const uint8_t *data, size_t size) {
    if (size < STEP_BYTES)
        return 0;
    size_t length = data[4] | (size_t)data[5] << 8;
    if (length > size - STEP_BYTES)
        length = size - STEP_BYTES;
    uint8_t *payload = malloc(length ? length : 1);
    if (!payload)
        abort();
    memcpy(payload, data + STEP_BYTES, length);
    struct frame frame = {.header = {.length = (uint32_t)length, .session = data[2], .type = data[1], .flags = data[3]},
                          .payload = payload};
    uint32_t slot = data[0] & 3U;
    if (slot == CLIENTS && data[0] & 0x80U) {
        utimensat(AT_FDCWD, volume, NULL, 0);
        if (shim.watches->inotify >= 0)
            notify_event(&shim);
    } else if (slot == CLIENTS) {
        if (!shim.faulted)
            from_guest(&shim, &frame);
    } else if (data[0] & 0x80U) {
        disconnect(slot);
        connect_client(slot);
    } else {
        from_client(&shim, shim.clients[slot], &frame);
    }
    free(payload);
    return STEP_BYTES + length;
}

/* As the loop does at the end of each turn. */
static void drop_dead(void) {
    for (uint32_t i = 0; i < CLIENTS; i++)
        if (shim.clients[i]->dead) {
            disconnect(i);
            connect_client(i);
        }
}
