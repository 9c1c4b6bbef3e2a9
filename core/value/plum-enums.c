/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-values-private.h"

G_DEFINE_ENUM_TYPE (PlumProtocol,
                    plum_protocol,
                    G_DEFINE_ENUM_VALUE (PLUM_PROTOCOL_TCP, "tcp"),
                    G_DEFINE_ENUM_VALUE (PLUM_PROTOCOL_UDP, "udp"))

G_DEFINE_ENUM_TYPE (PlumState,
                    plum_state,
                    G_DEFINE_ENUM_VALUE (PLUM_STATE_DESTROYED, "destroyed"),
                    G_DEFINE_ENUM_VALUE (PLUM_STATE_PENDING, "pending"),
                    G_DEFINE_ENUM_VALUE (PLUM_STATE_SUCCESS, "success"),
                    G_DEFINE_ENUM_VALUE (PLUM_STATE_FAILURE, "failure"),
                    G_DEFINE_ENUM_VALUE (PLUM_STATE_DESTROYING, "destroying"))

G_DEFINE_ENUM_TYPE (PlumAddressScope,
                    plum_address_scope,
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_UNKNOWN, "unknown"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_UNSPECIFIED, "unspecified"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_LOOPBACK, "loopback"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_LINK_LOCAL, "link-local"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_PRIVATE, "private"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_CGNAT, "cgnat"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_DOCUMENTATION, "documentation"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_RESERVED, "reserved"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_MULTICAST, "multicast"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SCOPE_PUBLIC, "public"))

G_DEFINE_ENUM_TYPE (PlumAddressSource,
                    plum_address_source,
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SOURCE_QUERY, "query"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SOURCE_POLL, "poll"),
                    G_DEFINE_ENUM_VALUE (PLUM_ADDRESS_SOURCE_MAPPING, "mapping"))

G_DEFINE_ENUM_TYPE (PlumConnectionStatus,
                    plum_connection_status,
                    G_DEFINE_ENUM_VALUE (PLUM_CONNECTION_STATUS_UNKNOWN, "unknown"),
                    G_DEFINE_ENUM_VALUE (PLUM_CONNECTION_STATUS_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (PLUM_CONNECTION_STATUS_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (PLUM_CONNECTION_STATUS_CONNECTED, "connected"))

G_DEFINE_ENUM_TYPE (PlumLocation,
                    plum_location,
                    G_DEFINE_ENUM_VALUE (PLUM_LOCATION_UNKNOWN, "unknown"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOCATION_HOST, "host"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOCATION_LINK, "link"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOCATION_BEYOND, "beyond"))

G_DEFINE_ENUM_TYPE (PlumLogLevel,
                    plum_log_level,
                    G_DEFINE_ENUM_VALUE (PLUM_LOG_LEVEL_VERBOSE, "verbose"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOG_LEVEL_DEBUG, "debug"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOG_LEVEL_INFO, "info"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOG_LEVEL_WARN, "warn"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOG_LEVEL_ERROR, "error"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOG_LEVEL_FATAL, "fatal"),
                    G_DEFINE_ENUM_VALUE (PLUM_LOG_LEVEL_NONE, "none"))

G_DEFINE_ENUM_TYPE (PlumProbeOutcome,
                    plum_probe_outcome,
                    G_DEFINE_ENUM_VALUE (PLUM_PROBE_PENDING, "pending"),
                    G_DEFINE_ENUM_VALUE (PLUM_PROBE_SUCCESS, "success"),
                    G_DEFINE_ENUM_VALUE (PLUM_PROBE_TIMED_OUT, "timed-out"),
                    G_DEFINE_ENUM_VALUE (PLUM_PROBE_REFUSED, "refused"),
                    G_DEFINE_ENUM_VALUE (PLUM_PROBE_FAILED, "failed"))

G_DEFINE_ENUM_TYPE (PlumTrafficDirection,
                    plum_traffic_direction,
                    G_DEFINE_ENUM_VALUE (PLUM_TRAFFIC_SENT, "sent"),
                    G_DEFINE_ENUM_VALUE (PLUM_TRAFFIC_RECEIVED, "received"))

gboolean
plum_protocol_is_valid (PlumProtocol protocol)
{
  return protocol == PLUM_PROTOCOL_TCP || protocol == PLUM_PROTOCOL_UDP;
}
