/* Written by src/build/generate.mjs from src/agent/protocol; change it there.
 * Frame: u32 payload length, u32 session, u8 type, u8 flags, u16 0, payload; little-endian. A list is
 * a u32 count and its items, bytes are a u32 length and that many bytes. */
#ifndef BOXLITE_PROTOCOL_H
#define BOXLITE_PROTOCOL_H

#define BL_GENERATION 12U

#define BL_NO_ON_EXIT 4294967295U

#define BL_ANY_DEVICE 4294967295U

#define BL_LIMIT_HEADER_BYTES 12U
#define BL_LIMIT_MAX_PAYLOAD 65536U
#define BL_LIMIT_MAX_MESSAGE 4194304U
#define BL_LIMIT_WINDOW 262144U
#define BL_LIMIT_MAX_ARGS 65536U
#define BL_LIMIT_MAX_SESSIONS 4096U
#define BL_LIMIT_MAX_SHARES 64U
#define BL_LIMIT_MAX_SYSCTLS 128U
#define BL_LIMIT_MAX_CGROUP_LIMITS 16U
#define BL_LIMIT_MAX_DEVICES 64U
#define BL_LIMIT_MAX_GROUPS 64U
#define BL_LIMIT_MAX_PORTS 512U
#define BL_LIMIT_MAX_NET_RULES 128U
#define BL_LIMIT_MAX_HOST_PORTS 32U
#define BL_LIMIT_MAX_LINKS 16U
#define BL_LIMIT_SHARE_IDS 65536U
#define BL_LIMIT_HEALTH_OUTPUT 4096U
#define BL_LIMIT_HEALTH_CHECKS 5U
#define BL_LIMIT_PROCESS_COMMAND 1024U
#define BL_LIMIT_MAX_PROCESSES 2048U

#define BL_RESTART_FIRST_MS 100U
#define BL_RESTART_LONGEST_MS 60000U
#define BL_RESTART_LONG_RUN_MS 10000U

#define BL_SESSION_CONTROL 0U
#define BL_SESSION_MAIN 1U
#define BL_SESSION_FIRST_EXEC 2U

#define BL_FLAG_MORE 1U
#define BL_FLAG_EOF 2U
#define BL_FLAG_DETACHED 4U

#define BL_EXEC_TTY 1U
#define BL_EXEC_STDIN 2U
#define BL_EXEC_IDLE 4U
#define BL_EXEC_PRIVILEGED 8U
#define BL_EXEC_INIT 16U
#define BL_EXEC_MAKE_CWD 32U
#define BL_EXEC_ARCHIVE 64U
#define BL_EXEC_PACK 128U
#define BL_EXEC_UNPACK 256U
#define BL_EXEC_LAYER 512U
#define BL_EXEC_CHANGES 1024U
#define BL_EXEC_FREEZE 2048U
#define BL_EXEC_UNCONFINED 4096U
#define BL_EXEC_NO_NEW_PRIVILEGES 8192U

#define BL_BOX_NETWORK 1U
#define BL_BOX_READ_ONLY_ROOT 2U
#define BL_BOX_PRIVILEGED 4U
#define BL_BOX_UNMASKED 8U
#define BL_BOX_NO_SHM 16U

#define BL_DEVICE_BLOCK 1U
#define BL_DEVICE_CHARACTER 2U

#define BL_DEVICE_ACCESS_MKNOD 1U
#define BL_DEVICE_ACCESS_READ 2U
#define BL_DEVICE_ACCESS_WRITE 4U

#define BL_EXIT_OOM 1U
#define BL_EXIT_TIMED_OUT 2U

#define BL_COPY_FAILED 1U
#define BL_COPY_USAGE 2U
#define BL_COPY_NO_SOURCE 3U
#define BL_COPY_NOT_DIRECTORY 4U
#define BL_COPY_NO_DIRECTORY 5U
#define BL_COPY_NO_PARENT 6U
#define BL_COPY_DIRECTORY_TO_FILE 7U
#define BL_COPY_FILE_TO_DIRECTORY 8U
#define BL_COPY_EXISTS 9U
#define BL_COPY_NOT_RECURSIVE 10U
#define BL_COPY_TRUNCATED 11U
#define BL_COPY_MALFORMED 12U
#define BL_COPY_NO_SPACE 13U
#define BL_COPY_READ_ONLY 14U
#define BL_COPY_PERMISSION 15U
#define BL_COPY_UNSUPPORTED 16U
#define BL_COPY_NOT_A_FILE 17U

#define BL_HEALTH_STARTING 1U
#define BL_HEALTH_HEALTHY 2U
#define BL_HEALTH_UNHEALTHY 3U

#define BL_HEALTH_RESULT_EXITED 0U
#define BL_HEALTH_RESULT_TIMED_OUT 1U
#define BL_HEALTH_RESULT_FAILED 2U

#define BL_STATS_PROCESSES 1U

#define BL_STAGE_JAIL 1U
#define BL_STAGE_VMM 2U
#define BL_STAGE_KERNEL 3U
#define BL_STAGE_AGENT 4U
#define BL_STAGE_BOOTSTRAP 5U
#define BL_STAGE_DISKS 6U
#define BL_STAGE_NETWORK 7U
#define BL_STAGE_EXEC 8U

#define BL_MOUNT_TMPFS 1U
#define BL_MOUNT_SHARE 2U
#define BL_MOUNT_DISK 3U
#define BL_MOUNT_MODULES 4U
#define BL_MOUNT_IMAGE 5U

#define BL_SHIM_PHASE_STARTING 1U
#define BL_SHIM_PHASE_RUNNING 2U
#define BL_SHIM_PHASE_EXITED 3U
#define BL_SHIM_PHASE_PAUSED 4U

#define BL_SHIM_FILE_READ 0U
#define BL_SHIM_FILE_WRITE 1U

#define BL_SHIM_FLAG_TEMPLATE 1U

#define BL_WALL_NAMESPACES 1U
#define BL_WALL_ROOT 2U
#define BL_WALL_LANDLOCK 4U
#define BL_WALL_CALLS 8U
#define BL_WALL_CGROUP 16U
#define BL_WALL_SHIM_CALLS 32U
#define BL_WALL_SHIM_LANDLOCK 64U

#define BL_SHARE_READ_ONLY 1U
#define BL_SHARE_DIRECT 2U
#define BL_SHARE_NOTIFY 4U

#define BL_IP_ICMP 1U
#define BL_IP_TCP 6U
#define BL_IP_UDP 17U

#define BL_NET_MODE_OPEN 0U
#define BL_NET_MODE_PUBLIC 1U
#define BL_NET_MODE_LISTED 2U
#define BL_NET_MODE_INTERNAL 3U

#define BL_NET_RULE_ADDRESS 0U
#define BL_NET_RULE_NAME 1U
#define BL_NET_RULE_BELOW 2U

#define BL_STAGE_NAMES {[1] = "jail", [2] = "vmm", [3] = "kernel", [4] = "agent", \
    [5] = "bootstrap", [6] = "disks", [7] = "network", [8] = "exec"}

/* bootstrap:
 *   u32 generation, u64 wallNs, bytes entropy, u32 flags, bytes hostname, bytes domainname,
 *   bytes machineId, u32 address, u8 prefix, u32 gateway, bytes address6, u8 prefix6, bytes gateway6,
 *   u32 mtu, list addresses of (u32 address, u8 prefix, bytes address6, u8 prefix6), bytes mac,
 *   bytes resolvConf, bytes hosts, u64 shmBytes, u32 pidsMax,
 *   list mounts of (u8 kind, bytes source, bytes target, u32 flags, bytes options, bytes subpath, u8 copyUp, u32 notify),
 *   list sysctls of (bytes name, bytes value), list limits of (bytes name, bytes value),
 *   list devices of (bytes path, u8 kind, u8 access, u32 major, u32 minor, u32 mode)
 */
#define BL_MSG_BOOTSTRAP 0x01U

/* exec:
 *   u32 flags, u16 rows, u16 cols, u32 timeoutMs, u64 capabilities, u16 oomScoreAdj, bytes user,
 *   list groups of (bytes value), bytes cwd, list argv of (bytes value), list env of (bytes value),
 *   list rlimits of (u32 resource, u64 soft, u64 hard)
 */
#define BL_MSG_EXEC 0x02U

/* stdin: raw bytes */
#define BL_MSG_STDIN 0x03U

/* credit:
 *   u32 bytes
 */
#define BL_MSG_CREDIT 0x04U

/* resize:
 *   u16 rows, u16 cols
 */
#define BL_MSG_RESIZE 0x05U

/* signal:
 *   u32 signal
 */
#define BL_MSG_SIGNAL 0x06U

/* hangup: nothing */
#define BL_MSG_HANGUP 0x07U

/* shutdown: nothing */
#define BL_MSG_SHUTDOWN 0x08U

/* prepare:
 *   u32 generation, u32 address, u8 prefix, u32 gateway, bytes address6, u8 prefix6, bytes gateway6,
 *   u32 mtu
 */
#define BL_MSG_PREPARE 0x09U

/* healthcheck:
 *   u32 intervalMs, u32 timeoutMs, u32 startPeriodMs, u32 startIntervalMs, u32 retries,
 *   bytes command
 */
#define BL_MSG_HEALTHCHECK 0x0aU

/* statsRequest:
 *   u32 flags
 */
#define BL_MSG_STATS_REQUEST 0x0bU

/* netAddress:
 *   u8 add, u32 address, u8 prefix, bytes address6, u8 prefix6
 */
#define BL_MSG_NET_ADDRESS 0x0cU

/* netLost: nothing */
#define BL_MSG_NET_LOST 0x0dU

/* watched:
 *   u32 id, u32 errno
 */
#define BL_MSG_WATCHED 0x0eU

/* changes:
 *   list changes of (u32 id, u32 mask, u32 cookie, bytes name)
 */
#define BL_MSG_CHANGES 0x0fU

/* ready:
 *   u32 generation, u64 uptimeNs
 */
#define BL_MSG_READY 0x41U

/* bootstrapped:
 *   u64 identityNs, u64 disksNs, u64 networkNs
 */
#define BL_MSG_BOOTSTRAPPED 0x42U

/* failed:
 *   u32 errno, u32 stage, bytes message
 */
#define BL_MSG_FAILED 0x43U

/* started:
 *   u32 pid
 */
#define BL_MSG_STARTED 0x44U

/* stdout: raw bytes */
#define BL_MSG_STDOUT 0x45U

/* stderr: raw bytes */
#define BL_MSG_STDERR 0x46U

/* exited:
 *   u32 code, u32 signal, u32 flags
 */
#define BL_MSG_EXITED 0x47U

/* prepared: nothing */
#define BL_MSG_PREPARED 0x48U

/* health:
 *   u8 status, u8 result, u32 streak, u32 exitCode, u64 startNs, u64 endNs, bytes output
 */
#define BL_MSG_HEALTH 0x49U

/* stats:
 *   u64 uptimeNs, u64 memoryTotal, u64 memoryAvailable, u64 boxMemory, u64 boxCache, u32 load1,
 *   u32 load5, u32 load15, u32 processes, u32 threads, u64 cpuNs, u64 receivedBytes,
 *   u64 receivedPackets, u64 sentBytes, u64 sentPackets, u64 readBytes, u64 writtenBytes,
 *   u32 oomKills,
 *   list list of (u32 pid, u32 parent, u32 uid, u32 gid, u32 group, u32 session, u64 startNs, u64 cpuNs, u64 virtualBytes, u64 residentBytes, u32 terminal, u8 foreground, u8 state, u8 niceness, u32 threads, u32 processor, bytes name, bytes command)
 */
#define BL_MSG_STATS 0x4aU

/* netAddressed: nothing */
#define BL_MSG_NET_ADDRESSED 0x4bU

/* watch:
 *   u32 id, u32 share, bytes path
 */
#define BL_MSG_WATCH 0x4cU

/* unwatch:
 *   u32 id
 */
#define BL_MSG_UNWATCH 0x4dU

/* changesTaken: nothing */
#define BL_MSG_CHANGES_TAKEN 0x4eU

/* attach: nothing */
#define BL_MSG_ATTACH 0x81U

/* killVmm: nothing */
#define BL_MSG_KILL_VMM 0x82U

/* ownExit: nothing */
#define BL_MSG_OWN_EXIT 0x83U

/* exitHandled: nothing */
#define BL_MSG_EXIT_HANDLED 0x84U

/* pause: nothing */
#define BL_MSG_PAUSE 0x85U

/* resume: nothing */
#define BL_MSG_RESUME 0x86U

/* exitDelay:
 *   u32 delayMs
 */
#define BL_MSG_EXIT_DELAY 0x87U

/* netPolicy:
 *   u32 netMode, u32 netReports, list hostPorts of (u32 port),
 *   list netRules of (u8 denies, u8 kind, u8 protocol, u8 prefixLength, u32 firstPort, u32 lastPort, bytes address, bytes name)
 */
#define BL_MSG_NET_POLICY 0x88U

/* netPublish:
 *   u8 protocol, bytes hostAddress, u32 hostPort, u32 boxPort
 */
#define BL_MSG_NET_PUBLISH 0x89U

/* netUnpublish:
 *   u8 protocol, bytes hostAddress, u32 hostPort, u32 boxPort
 */
#define BL_MSG_NET_UNPUBLISH 0x8aU

/* netConnect:
 *   bytes network, u32 prefix, u8 prefixLength, u32 address, bytes prefix6, bytes address6,
 *   bytes names
 */
#define BL_MSG_NET_CONNECT 0x8bU

/* netDisconnect:
 *   bytes network
 */
#define BL_MSG_NET_DISCONNECT 0x8cU

/* netRates:
 *   u64 netTx, u64 netRx
 */
#define BL_MSG_NET_RATES 0x8dU

/* welcome:
 *   u32 generation, u32 phase, u32 shimPid, u32 vmmPid, bytes box
 */
#define BL_MSG_WELCOME 0xc1U

/* refused:
 *   u32 errno, bytes message
 */
#define BL_MSG_REFUSED 0xc2U

/* gone: nothing */
#define BL_MSG_GONE 0xc3U

/* netDone:
 *   u32 port
 */
#define BL_MSG_NET_DONE 0xc4U

/* The shim's configuration, on descriptor 3 after its u32 length:
 *   u32 generation, u32 flags, u32 walls, u32 neededWalls, list roots of (bytes value), bytes box,
 *   bytes directory, u32 consoleLimit, u64 logMaxBytes, u32 logMaxFiles, list argv of (bytes value),
 *   list env of (bytes value), list files of (u32 fd, u32 flags, bytes path), u32 qmpFd, u32 portFd,
 *   u32 consoleFd, bytes idDirectory, u32 firstId, u32 idRanges,
 *   list foreignIds of (u32 first, u32 last), list rlimits of (u32 resource, u64 soft, u64 hard),
 *   u64 groupMemory, u32 groupTasks, u32 groupWeight, bytes preload, list onExit of (bytes value),
 *   list onExitEnv of (bytes value), u32 exitDelayMs, u32 timeoutMs, u32 shareFd,
 *   list shares of (u32 flags, bytes path), bytes netProgram, u32 netFd, bytes macAddress,
 *   u32 address, u32 prefix, u8 prefixLength, u32 gateway, u32 resolver, bytes address6,
 *   bytes prefix6, bytes gateway6, bytes resolver6, u32 mtu,
 *   list ports of (u8 protocol, bytes hostAddress, u32 hostPort, u32 boxPort), u32 netMode,
 *   u32 netReports, list hostPorts of (u32 port),
 *   list netRules of (u8 denies, u8 kind, u8 protocol, u8 prefixLength, u32 firstPort, u32 lastPort, bytes address, bytes name),
 *   u64 netTx, u64 netRx, bytes networkDirectory, bytes hubProgram,
 *   list links of (bytes network, u32 prefix, u8 prefixLength, u32 address, bytes prefix6, bytes address6, bytes names)
 */

/* The record of a box's health:
 *   list checks of (bytes value)
 */

#endif
