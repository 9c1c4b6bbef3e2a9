/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The C API of libplum 0.5 and 0.6, over libplum-service. See ../README.md. */

#ifndef PLUM_H
#define PLUM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* libplum-glib may export functions of these names. */
#define plum_set_log_level plum_compat_set_log_level
#define plum_get_local_address plum_compat_get_local_address

#define PLUM_ERR_SUCCESS 0
#define PLUM_ERR_INVALID -1
#define PLUM_ERR_FAILED -2
#define PLUM_ERR_NOT_AVAIL -3

#define PLUM_MAX_HOST_LEN 256
#define PLUM_MAX_ADDRESS_LEN 64

typedef enum {
  PLUM_LOG_LEVEL_VERBOSE = 0,
  PLUM_LOG_LEVEL_DEBUG = 1,
  PLUM_LOG_LEVEL_INFO = 2,
  PLUM_LOG_LEVEL_WARN = 3,
  PLUM_LOG_LEVEL_ERROR = 4,
  PLUM_LOG_LEVEL_FATAL = 5,
  PLUM_LOG_LEVEL_NONE = 6
} plum_log_level_t;

typedef enum {
  PLUM_PROTOCOL_ANY = 0,
  PLUM_PROTOCOL_PCP = 1, /* with NAT-PMP */
  PLUM_PROTOCOL_UPNP = 2
} plum_protocol_t;

typedef enum {
  PLUM_IP_PROTOCOL_TCP = 0,
  PLUM_IP_PROTOCOL_UDP = 1
} plum_ip_protocol_t;

typedef enum {
  PLUM_STATE_DESTROYED = 0,
  PLUM_STATE_PENDING = 1,
  PLUM_STATE_SUCCESS = 2,
  PLUM_STATE_FAILURE = 3,
  PLUM_STATE_DESTROYING = 4
} plum_state_t;

typedef enum {
  PLUM_MAPPING_PROTOCOL_UNKNOWN = 0,
  PLUM_MAPPING_PROTOCOL_PCP = 1,
  PLUM_MAPPING_PROTOCOL_NATPMP = 2,
  PLUM_MAPPING_PROTOCOL_UPNP = 3,
  PLUM_MAPPING_PROTOCOL_DIRECT = 4
} plum_mapping_protocol_t;

typedef void (*plum_log_callback_t) (plum_log_level_t level, const char *message);

/* Times are in milliseconds; 0 is the default. */
typedef struct
{
  plum_log_level_t log_level;
  plum_log_callback_t log_callback; /* NULL: standard output */
  const char *dummytls_domain;      /* ignored */
  int discover_timeout;
  int mapping_timeout;
  int recheck_period;
  plum_protocol_t protocol;
} plum_config_t;

typedef struct
{
  plum_ip_protocol_t protocol;
  plum_mapping_protocol_t mapping_protocol; /* set by the library */
  uint16_t internal_port;
  uint16_t external_port; /* requested, then granted */
  char external_host[PLUM_MAX_HOST_LEN];
  void *user_ptr;
} plum_mapping_t;

typedef void (*plum_mapping_callback_t) (int id, plum_state_t state, const plum_mapping_t *mapping);

int plum_init (const plum_config_t *config);
int plum_cleanup (void);
void plum_set_log_level (plum_log_level_t level);

int plum_create_mapping (const plum_mapping_t *mapping, plum_mapping_callback_t callback);
int plum_query_mapping (int id, plum_state_t *state, plum_mapping_t *mapping);
int plum_destroy_mapping (int id);
int plum_get_local_address (char *buffer, size_t size);

/* Not in libplum. Call it before plum_init(). The string is borrowed; NULL: automatic. */
void plum_compat_set_gateway (const char *address);

#ifdef __cplusplus
}
#endif

#endif
