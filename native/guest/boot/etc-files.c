#include "etc-files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/cleanup.h"
#include "../../protocol/protocol.h"
#include "../system/root.h"

static const char localhost_lines[] = "127.0.0.1\tlocalhost\n"
                                      "::1\tlocalhost ip6-localhost ip6-loopback\n"
                                      "fe00::\tip6-localnet\n"
                                      "ff00::\tip6-mcastprefix\n"
                                      "ff02::1\tip6-allnodes\n"
                                      "ff02::2\tip6-allrouters\n";

static int write_hosts(const struct bootstrap *message, struct err *err);
static void own_names(const struct bootstrap *message, char *text, size_t size);
static void format_address(char text[16], uint32_t address);

int etc_files_prepare(struct err *err) {
    static const char *const files[] = {
        ROOT_SKELETON "/etc/hosts",       ROOT_SKELETON "/etc/hostname",
        ROOT_SKELETON "/etc/resolv.conf", ROOT_FILES "/hosts",
        ROOT_FILES "/hostname",           ROOT_FILES "/resolv.conf",
        ROOT_SKELETON "/etc/machine-id",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (write_file(files[i], "", err))
            return -1;
    return 0;
}

int etc_files_write(const struct bootstrap *message, struct err *err) {
    char text[128];
    snprintf(text, sizeof text, "%s\n", message->hostname);
    if (write_file(ROOT_FILES "/hostname", text, err))
        return -1;
    snprintf(text, sizeof text, "%s\n", message->machine_id);
    if (write_file(ROOT_SKELETON "/etc/machine-id", text, err) || write_hosts(message, err))
        return -1;
    return write_file(ROOT_FILES "/resolv.conf", message->resolv_conf, err);
}

static int write_hosts(const struct bootstrap *message, struct err *err) {
    char names[3 * (MAX_HOSTNAME + 1)];
    size_t size = sizeof localhost_lines + strlen(message->hosts) + sizeof names + 32;
    cleanup_free char *text = malloc(size);
    if (!text)
        return err_set(err, ENOMEM, "no memory for /etc/hosts");
    char address[16];
    format_address(address, message->network.address);
    int used = snprintf(text, size, "%s%s", localhost_lines, message->hosts);
    own_names(message, names, sizeof names);
    if (message->flags & BL_BOX_NETWORK)
        snprintf(text + used, size - (size_t)used, "%s\t%s\n", address, names);
    return write_file(ROOT_FILES "/hosts", text, err);
}

/* The whole name, and the bare host's where that is another, wherever the domain was given (Docker's rule). */
static void own_names(const struct bootstrap *message, char *text, size_t size) {
    const char *host = message->hostname, *domain = message->domainname;
    int used = snprintf(text, size, "%s%s%s", host, *domain ? "." : "", domain);
    if (strchr(text, '.'))
        snprintf(text + used, size - (size_t)used, " %.*s", (int)strcspn(host, "."), host);
}

static void format_address(char text[16], uint32_t address) {
    snprintf(text, 16, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255),
             (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
}
