/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

/**
 * PLUM_LIFETIME_FOREVER:
 *
 * The lifetime of a mapping that the router keeps until somebody deletes it.
 *
 * Since: 1.0
 */
#define PLUM_LIFETIME_FOREVER ((guint32) 0xffffffff)

/**
 * PlumProtocol:
 * @PLUM_PROTOCOL_TCP: TCP
 * @PLUM_PROTOCOL_UDP: UDP
 *
 * A transport protocol whose ports can be mapped.
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_PROTOCOL_TCP,
  PLUM_PROTOCOL_UDP,
} PlumProtocol;

#define PLUM_TYPE_PROTOCOL (plum_protocol_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_protocol_get_type (void) G_GNUC_CONST;

/**
 * PlumState:
 * @PLUM_STATE_DESTROYED: nothing is wanted and nothing is held any more
 * @PLUM_STATE_PENDING: wanted, and being asked for
 * @PLUM_STATE_SUCCESS: the router forwards the port
 * @PLUM_STATE_FAILURE: nobody would map the port; it is tried again
 * @PLUM_STATE_DESTROYING: the router is being asked to forget it
 *
 * Where a [class@Plum.Mapping] stands.
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_STATE_DESTROYED,
  PLUM_STATE_PENDING,
  PLUM_STATE_SUCCESS,
  PLUM_STATE_FAILURE,
  PLUM_STATE_DESTROYING,
} PlumState;

#define PLUM_TYPE_STATE (plum_state_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_state_get_type (void) G_GNUC_CONST;

/**
 * PlumAddressScope:
 * @PLUM_ADDRESS_SCOPE_UNKNOWN: no address is known
 * @PLUM_ADDRESS_SCOPE_UNSPECIFIED: all zeros, or "this network" (0.0.0.0/8)
 * @PLUM_ADDRESS_SCOPE_LOOPBACK: this host only
 * @PLUM_ADDRESS_SCOPE_LINK_LOCAL: this link only
 * @PLUM_ADDRESS_SCOPE_PRIVATE: a private network (RFC 1918), or an IPv6 unique local address
 * @PLUM_ADDRESS_SCOPE_CGNAT: a provider's carrier-grade NAT (100.64.0.0/10, RFC 6598)
 * @PLUM_ADDRESS_SCOPE_DOCUMENTATION: reserved for examples
 * @PLUM_ADDRESS_SCOPE_RESERVED: not usable on the internet for another reason
 * @PLUM_ADDRESS_SCOPE_MULTICAST: a group, not a host
 * @PLUM_ADDRESS_SCOPE_PUBLIC: reachable from the internet, as far as the address tells
 *
 * How far an address reaches (RFC 6890).
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_ADDRESS_SCOPE_UNKNOWN,
  PLUM_ADDRESS_SCOPE_UNSPECIFIED,
  PLUM_ADDRESS_SCOPE_LOOPBACK,
  PLUM_ADDRESS_SCOPE_LINK_LOCAL,
  PLUM_ADDRESS_SCOPE_PRIVATE,
  PLUM_ADDRESS_SCOPE_CGNAT,
  PLUM_ADDRESS_SCOPE_DOCUMENTATION,
  PLUM_ADDRESS_SCOPE_RESERVED,
  PLUM_ADDRESS_SCOPE_MULTICAST,
  PLUM_ADDRESS_SCOPE_PUBLIC,
} PlumAddressScope;

#define PLUM_TYPE_ADDRESS_SCOPE (plum_address_scope_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_address_scope_get_type (void) G_GNUC_CONST;

/**
 * PlumLogLevel:
 * @PLUM_LOG_LEVEL_VERBOSE: every packet
 * @PLUM_LOG_LEVEL_DEBUG: every decision
 * @PLUM_LOG_LEVEL_INFO: what a user may care for
 * @PLUM_LOG_LEVEL_WARN: something is wrong and was worked around
 * @PLUM_LOG_LEVEL_ERROR: something is wrong and a mapping suffers
 * @PLUM_LOG_LEVEL_FATAL: nothing works; it never aborts the process
 * @PLUM_LOG_LEVEL_NONE: silence, unless `G_MESSAGES_DEBUG` names the domain
 *
 * How much is logged.
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_LOG_LEVEL_VERBOSE,
  PLUM_LOG_LEVEL_DEBUG,
  PLUM_LOG_LEVEL_INFO,
  PLUM_LOG_LEVEL_WARN,
  PLUM_LOG_LEVEL_ERROR,
  PLUM_LOG_LEVEL_FATAL,
  PLUM_LOG_LEVEL_NONE,
} PlumLogLevel;

#define PLUM_TYPE_LOG_LEVEL (plum_log_level_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_log_level_get_type (void) G_GNUC_CONST;

/**
 * PlumProbeOutcome:
 * @PLUM_PROBE_PENDING: not decided yet: not asked, or not answered
 * @PLUM_PROBE_SUCCESS: it can map here
 * @PLUM_PROBE_TIMED_OUT: nobody answered
 * @PLUM_PROBE_REFUSED: the gateway said at once that nobody listens, or that it will not
 * @PLUM_PROBE_FAILED: it answered, but it cannot map; see [property@Plum.Probe:error]
 *
 * What became of asking one gateway by one backend.
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_PROBE_PENDING,
  PLUM_PROBE_SUCCESS,
  PLUM_PROBE_TIMED_OUT,
  PLUM_PROBE_REFUSED,
  PLUM_PROBE_FAILED,
} PlumProbeOutcome;

#define PLUM_TYPE_PROBE_OUTCOME (plum_probe_outcome_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_probe_outcome_get_type (void) G_GNUC_CONST;

/**
 * PlumTrafficDirection:
 * @PLUM_TRAFFIC_SENT: from this host
 * @PLUM_TRAFFIC_RECEIVED: to this host
 *
 * Which way bytes went.
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_TRAFFIC_SENT,
  PLUM_TRAFFIC_RECEIVED,
} PlumTrafficDirection;

#define PLUM_TYPE_TRAFFIC_DIRECTION (plum_traffic_direction_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_traffic_direction_get_type (void) G_GNUC_CONST;

G_END_DECLS
