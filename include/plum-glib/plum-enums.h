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
 * The lifetime of a mapping that never expires. The router keeps it until it is deleted.
 *
 * Since: 1.0
 */
#define PLUM_LIFETIME_FOREVER ((guint32) 0xffffffff)

/**
 * PlumProtocol:
 * @PLUM_PROTOCOL_TCP: TCP
 * @PLUM_PROTOCOL_UDP: UDP
 *
 * The transport protocol of a mapping.
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
 * @PLUM_STATE_DESTROYED: the mapping was not added to a manager yet, or is destroyed
 * @PLUM_STATE_PENDING: an attempt is in progress, or there is no network
 * @PLUM_STATE_SUCCESS: the router forwards the port
 * @PLUM_STATE_FAILURE: the last attempt failed with every backend; the library tries again
 * @PLUM_STATE_DESTROYING: the library is removing the mapping from the router
 *
 * The state of a [class@Plum.Mapping].
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
 * @PLUM_ADDRESS_SCOPE_UNKNOWN: the address is unknown
 * @PLUM_ADDRESS_SCOPE_UNSPECIFIED: the unspecified address, or an address of "this network"
 *   (0.0.0.0/8)
 * @PLUM_ADDRESS_SCOPE_LOOPBACK: a loopback address
 * @PLUM_ADDRESS_SCOPE_LINK_LOCAL: a link-local address
 * @PLUM_ADDRESS_SCOPE_PRIVATE: a private IPv4 address (RFC 1918), or an IPv6 unique local address
 *   (RFC 4193)
 * @PLUM_ADDRESS_SCOPE_CGNAT: an address in front of a carrier-grade NAT (100.64.0.0/10, RFC 6598;
 *   192.0.0.0/29, RFC 7335)
 * @PLUM_ADDRESS_SCOPE_DOCUMENTATION: an address that is reserved for documentation
 * @PLUM_ADDRESS_SCOPE_RESERVED: an address that is not usable on the internet for another reason
 * @PLUM_ADDRESS_SCOPE_MULTICAST: a multicast address
 * @PLUM_ADDRESS_SCOPE_PUBLIC: an address that is reachable from the internet, unless a firewall
 *   prevents it
 *
 * The scope of an address, in the categories of RFC 6890.
 *
 * See [func@Plum.address_get_scope].
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
 * PlumAddressSource:
 * @PLUM_ADDRESS_SOURCE_QUERY: the router answers a query, and announces a new address
 * @PLUM_ADDRESS_SOURCE_POLL: the router answers a query, but does not announce a new address: the
 *   library asks once a minute while ports are mapped
 * @PLUM_ADDRESS_SOURCE_MAPPING: the router reports the address with each mapping and in no other
 *   way, and announces a new address
 *
 * How a protocol reports the external address of the router.
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_ADDRESS_SOURCE_QUERY,
  PLUM_ADDRESS_SOURCE_POLL,
  PLUM_ADDRESS_SOURCE_MAPPING,
} PlumAddressSource;

#define PLUM_TYPE_ADDRESS_SOURCE (plum_address_source_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_address_source_get_type (void) G_GNUC_CONST;

/**
 * PlumConnectionStatus:
 * @PLUM_CONNECTION_STATUS_UNKNOWN: not reported
 * @PLUM_CONNECTION_STATUS_DISCONNECTED: the router has no internet connection
 * @PLUM_CONNECTION_STATUS_CONNECTING: the connection is being set up or closed
 * @PLUM_CONNECTION_STATUS_CONNECTED: the router has an internet connection
 *
 * The state of the internet connection, as the router reports it.
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_CONNECTION_STATUS_UNKNOWN,
  PLUM_CONNECTION_STATUS_DISCONNECTED,
  PLUM_CONNECTION_STATUS_CONNECTING,
  PLUM_CONNECTION_STATUS_CONNECTED,
} PlumConnectionStatus;

#define PLUM_TYPE_CONNECTION_STATUS (plum_connection_status_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_connection_status_get_type (void) G_GNUC_CONST;

/**
 * PlumLogLevel:
 * @PLUM_LOG_LEVEL_VERBOSE: packets that are sent and received
 * @PLUM_LOG_LEVEL_DEBUG: decisions of the library
 * @PLUM_LOG_LEVEL_INFO: events that may interest a user
 * @PLUM_LOG_LEVEL_WARN: a problem that the library worked around
 * @PLUM_LOG_LEVEL_ERROR: a problem that affects a mapping
 * @PLUM_LOG_LEVEL_FATAL: a problem that prevents all mappings; it does not abort the process
 * @PLUM_LOG_LEVEL_NONE: no messages, unless `G_MESSAGES_DEBUG` contains the log domain
 *
 * The severity of a log message, in ascending order.
 *
 * See [func@Plum.log_set_level].
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
 * @PLUM_PROBE_PENDING: the backend has not started, or the gateway has not answered yet
 * @PLUM_PROBE_SUCCESS: the backend can map ports on the gateway
 * @PLUM_PROBE_TIMED_OUT: the gateway did not answer in time
 * @PLUM_PROBE_REFUSED: the gateway refused: the port is closed, or its settings forbid mappings
 * @PLUM_PROBE_FAILED: the backend cannot map ports for another reason; see
 *   [property@Plum.Probe:error]
 *
 * The outcome of a [class@Plum.Probe].
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
 * PlumLocation:
 * @PLUM_LOCATION_UNKNOWN: the system does not report the addresses of this host at present
 * @PLUM_LOCATION_HOST: on this host: an address of any of its interfaces
 * @PLUM_LOCATION_LINK: on the link: another host that this host reaches without a router
 * @PLUM_LOCATION_BEYOND: behind a router, or not the address of a single host
 *
 * The location of the host that has an address; see [method@Plum.Network.locate].
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_LOCATION_UNKNOWN,
  PLUM_LOCATION_HOST,
  PLUM_LOCATION_LINK,
  PLUM_LOCATION_BEYOND,
} PlumLocation;

#define PLUM_TYPE_LOCATION (plum_location_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_location_get_type (void) G_GNUC_CONST;

/**
 * PlumTrafficDirection:
 * @PLUM_TRAFFIC_SENT: sent by this host
 * @PLUM_TRAFFIC_RECEIVED: received by this host
 *
 * The direction of network traffic.
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
