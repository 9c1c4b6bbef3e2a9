/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Port mapping for programs without a GLib main loop.
 *
 * A service maps ports on the router with a thread of its own, the worker. The header needs C99 or
 * C++ and no GLib header. docs/service.md describes how to use it.
 *
 * Rules:
 *  - Any function may be called from any thread, also from a callback.
 *  - plum_service_map(), plum_service_query(), plum_service_has(), plum_service_list() and
 *    plum_service_unmap() never wait for the worker. A program may call them while it holds a lock
 *    that its callbacks take.
 *  - Functions that wait return PLUM_SERVICE_ERROR_WOULD_BLOCK when a callback of the same service
 *    calls them: plum_service_wait(), plum_service_map_and_wait(), plum_service_unmap_and_wait()
 *    and plum_service_close().
 *  - Callbacks run on the worker, one at a time, and never after plum_service_close() has returned.
 *  - After fork(), the child must not use the service. It may call exec(), _exit() or exit().
 *
 * Functions that return an int return 0 or a positive value on success, and one of the negative
 * PLUM_SERVICE_ERROR_* values otherwise. Times are in milliseconds, lifetimes in seconds, strings
 * in UTF-8. The library copies all strings that it is given.
 */

#ifndef PLUM_SERVICE_H
#define PLUM_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(PLUM_SERVICE_COMPILATION)
#  define PLUM_SERVICE_API __declspec(dllexport) extern
#elif defined(_WIN32)
#  define PLUM_SERVICE_API extern
#elif defined(__GNUC__)
#  define PLUM_SERVICE_API __attribute__ ((visibility ("default"))) extern
#else
#  define PLUM_SERVICE_API extern
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  PLUM_SERVICE_OK = 0,
  PLUM_SERVICE_ERROR_INVALID_ARGUMENT = -1,
  PLUM_SERVICE_ERROR_CLOSED = -2,      /* the service is closed */
  PLUM_SERVICE_ERROR_NOT_FOUND = -3,   /* no mapping has this id, or it was unmapped */
  PLUM_SERVICE_ERROR_WOULD_BLOCK = -4, /* the function waits, and a callback called it */
  PLUM_SERVICE_ERROR_TIMED_OUT = -5,
  PLUM_SERVICE_ERROR_NO_GATEWAY = -6, /* there is no network or no router */
  PLUM_SERVICE_ERROR_NO_BACKEND = -7, /* the router answers to no protocol */
  PLUM_SERVICE_ERROR_REFUSED = -8,
  PLUM_SERVICE_ERROR_CONFLICT = -9,      /* the external port is not available */
  PLUM_SERVICE_ERROR_NO_RESOURCES = -10, /* the table is full, or there is no public address */
  PLUM_SERVICE_ERROR_NOT_SUPPORTED = -11,
  PLUM_SERVICE_ERROR_MALFORMED = -12, /* the answer of the router is invalid */
  PLUM_SERVICE_ERROR_DESTROYED = -13, /* the mapping was unmapped during the wait */
  PLUM_SERVICE_ERROR_MODULE = -14,    /* a backend could not be loaded */
  PLUM_SERVICE_ERROR_NETWORK = -15,   /* an error of the operating system */
  PLUM_SERVICE_ERROR_FAILED = -16     /* any other error */
} PlumServiceError;

typedef enum {
  PLUM_SERVICE_TCP = 0,
  PLUM_SERVICE_UDP = 1
} PlumServiceProtocol;

typedef enum {
  PLUM_SERVICE_IPV4 = 0,
  PLUM_SERVICE_IPV6 = 1
} PlumServiceFamily;

typedef enum {
  PLUM_SERVICE_DESTROYED = 0,
  PLUM_SERVICE_PENDING = 1,
  PLUM_SERVICE_SUCCESS = 2,
  PLUM_SERVICE_FAILURE = 3,
  PLUM_SERVICE_DESTROYING = 4
} PlumServiceState;

/* Which hosts can reach an external address. */
typedef enum {
  PLUM_SERVICE_SCOPE_UNKNOWN = 0,
  PLUM_SERVICE_SCOPE_UNSPECIFIED = 1,
  PLUM_SERVICE_SCOPE_LOOPBACK = 2,
  PLUM_SERVICE_SCOPE_LINK_LOCAL = 3,
  PLUM_SERVICE_SCOPE_PRIVATE = 4,
  PLUM_SERVICE_SCOPE_CGNAT = 5,
  PLUM_SERVICE_SCOPE_DOCUMENTATION = 6,
  PLUM_SERVICE_SCOPE_RESERVED = 7,
  PLUM_SERVICE_SCOPE_MULTICAST = 8,
  PLUM_SERVICE_SCOPE_PUBLIC = 9
} PlumServiceScope;

typedef enum {
  PLUM_SERVICE_LOG_VERBOSE = 0,
  PLUM_SERVICE_LOG_DEBUG = 1,
  PLUM_SERVICE_LOG_INFO = 2,
  PLUM_SERVICE_LOG_WARN = 3,
  PLUM_SERVICE_LOG_ERROR = 4,
  PLUM_SERVICE_LOG_FATAL = 5,
  PLUM_SERVICE_LOG_NONE = 6
} PlumServiceLogLevel;

/* The value of PlumServiceMapping.lifetime if the mapping never expires. */
#define PLUM_SERVICE_FOREVER UINT32_C (0xffffffff)

typedef struct PlumService PlumService;

/* A copy of the state of one mapping. */
typedef struct
{
  size_t size; /* the caller sets it to its sizeof before each call that fills the struct */
  int id;
  PlumServiceState state;
  PlumServiceProtocol protocol;
  PlumServiceFamily family;
  uint16_t internal_port;
  uint16_t external_port; /* 0 while the mapping is not up */
  /* UNKNOWN: the router reports no address; any other value except PUBLIC: the internet cannot
   * reach it. */
  PlumServiceScope external_scope;
  uint32_t lifetime;      /* seconds; 0 while the mapping is not up */
  uint32_t generation;    /* grows when the router had to be asked anew; a renewal does not count */
  PlumServiceError error; /* of the last attempt; PLUM_SERVICE_OK if none failed */
  char
    external_host[64]; /* empty while the mapping is not up, or if the router reports no address */
  char backend[32];    /* such as "pcp"; empty while the mapping is not up */
  char replaced_host[64]; /* the earlier external address that this one replaces, or empty */
  uint16_t replaced_port; /* the earlier external port, or 0 */
  /* For people; empty if there is no error. A longer message is cut, after a sentence or the part
   * of a backend if possible, and never within a character. */
  char error_text[512];
} PlumServiceMapping;

/* Reports a change of the state, the external host, port or scope, the generation, or the error.
 * PLUM_SERVICE_DESTROYED is the last report for a mapping. The snapshot is valid during the call.
 */
typedef void (*PlumServiceFunc) (PlumService *service,
                                 const PlumServiceMapping *mapping,
                                 void *data);

/* Receives a log message: one at PLUM_SERVICE_LOG_INFO when a mapping is up or its external address
 * changes, one at PLUM_SERVICE_LOG_WARN when an attempt fails. Runs on the worker. */
typedef void (*PlumServiceLogFunc) (PlumServiceLogLevel level, const char *message, void *data);

/* Set up by plum_service_config_init(). 0 and NULL mean the default. Numbers out of range are
 * changed to the nearest value in range. */
typedef struct
{
  size_t size;
  PlumServiceLogFunc log_func;
  void *log_data;
  PlumServiceLogLevel log_level; /* the lowest level to report; initially PLUM_SERVICE_LOG_INFO */
  uint32_t discover_timeout;     /* ms, from 100 to 2147483647; default: 10000 */
  uint32_t mapping_timeout;      /* ms, from 100 to 2147483647; default: 10000 */
  uint32_t recheck_period;       /* ms, from 1000 to 2147483647; default: 300000 */
  uint32_t lease_duration;       /* s, from 1 to 604800; default: 7200 */
  const char *const *backends;   /* names in order of preference, with a final NULL */
  const char *gateway_address;   /* of the router; default: the next hop of the default route */
  const char *interface_name;
  /* The name in the mapping table of the router; default: that of g_get_prgname(), or "plum". */
  const char *application_name;
  /* Created if necessary. Lets a later run delete what a crash left. */
  const char *state_directory;
  uint32_t max_hops; /* through how many routers a port may be mapped, from 1 to 3; default: 2 */
} PlumServiceConfig;

/* Set up by plum_service_request_init(). */
typedef struct
{
  size_t size;
  PlumServiceProtocol protocol;
  PlumServiceFamily family;
  uint16_t internal_port;     /* from 1 to 65535 */
  uint16_t external_port;     /* the requested port, or 0 for no preference */
  bool require_external_port; /* whether to accept no other external port */
  const char *description;    /* for the mapping table of the router and for the log, or NULL */
  /* The address of this host that is to be reached, or NULL. It selects the router, and must be of
   * family. An address from which no router is reached, or that is link-local, fails with
   * PLUM_SERVICE_ERROR_NO_GATEWAY. */
  const char *local_address;
  PlumServiceFunc callback; /* or NULL */
  void *callback_data;
} PlumServiceRequest;

/* Fill a struct with the defaults. size is its sizeof. */
PLUM_SERVICE_API void plum_service_config_init (PlumServiceConfig *config, size_t size);
PLUM_SERVICE_API void plum_service_request_init (PlumServiceRequest *request, size_t size);

/* Starts a service. config may be NULL. error may be NULL. Returns NULL and sets *error to
 * PLUM_SERVICE_ERROR_INVALID_ARGUMENT or PLUM_SERVICE_ERROR_FAILED on failure. A process can have
 * any number of services. */
PLUM_SERVICE_API PlumService *plum_service_new (const PlumServiceConfig *config, int *error);

/* Unmaps all ports and stops the worker. Returns when the router has confirmed, but waits for the
 * router at most for timeout ms; 0 means the mapping timeout. Additionally waits for a callback
 * that is running. PLUM_SERVICE_ERROR_TIMED_OUT: the service is closed, but the router may still
 * have the mappings that remaining lists. remaining: may be NULL; the text is truncated to
 * remaining_size. PLUM_SERVICE_ERROR_CLOSED: the service was closed before. */
PLUM_SERVICE_API int plum_service_close (PlumService *service,
                                         uint32_t timeout,
                                         char *remaining,
                                         size_t remaining_size);

/* Closes the service if necessary and frees it. No other thread may use it any longer. If a
 * callback of the service calls this function, it returns at once, no callback follows, and the
 * worker closes and frees the service afterwards. service may be NULL. */
PLUM_SERVICE_API void plum_service_free (PlumService *service);

/* Maps a port and keeps it mapped until it is unmapped. Returns the id of the mapping at once; ids
 * are positive and never reused. Errors: INVALID_ARGUMENT, CLOSED. */
PLUM_SERVICE_API int plum_service_map (PlumService *service, const PlumServiceRequest *request);

/* Maps a port and waits until it is mapped. Returns the id. If that fails, or takes longer than
 * timeout ms (0: 30000), the port is unmapped, and the error is returned. mapping may be NULL;
 * receives the snapshot, also on failure. Set mapping->size first: if it is invalid, the port is
 * unmapped, and INVALID_ARGUMENT is returned. */
PLUM_SERVICE_API int plum_service_map_and_wait (PlumService *service,
                                                const PlumServiceRequest *request,
                                                uint32_t timeout,
                                                PlumServiceMapping *mapping);

/* Waits until a mapping is up. Returns its error as soon as an attempt fails. timeout: in ms; 0:
 * 30000. mapping may be NULL; set mapping->size first. The mapping is kept in any case. Errors:
 * NOT_FOUND, CLOSED, TIMED_OUT, DESTROYED, WOULD_BLOCK, INVALID_ARGUMENT if mapping->size is
 * invalid, or that of the mapping. */
PLUM_SERVICE_API int plum_service_wait (PlumService *service,
                                        int id,
                                        uint32_t timeout,
                                        PlumServiceMapping *mapping);

/* Copies the state of a mapping. Set mapping->size first. Errors: NOT_FOUND, INVALID_ARGUMENT,
 * CLOSED. */
PLUM_SERVICE_API int plum_service_query (PlumService *service, int id, PlumServiceMapping *mapping);

/* Returns false as soon as the mapping is unmapped, even if the router has not confirmed yet. */
PLUM_SERVICE_API bool plum_service_has (PlumService *service, int id);

/* Writes up to n ids of mappings to ids, the lowest first. Returns the number of all mappings that
 * were not unmapped. */
PLUM_SERVICE_API int plum_service_list (PlumService *service, int *ids, int n);

/* Unmaps a port. Returns at once. Errors: NOT_FOUND, CLOSED. */
PLUM_SERVICE_API int plum_service_unmap (PlumService *service, int id);

/* Unmaps a port and waits for the router, at most for timeout ms; 0: 30000. Returns TIMED_OUT if
 * the router has not answered yet, or the error because of which the router may still have the
 * mapping. The port is unmapped in any case. */
PLUM_SERVICE_API int plum_service_unmap_and_wait (PlumService *service, int id, uint32_t timeout);

/* Writes the address of this host towards the router, in text form. It is an IPv4 address, unless
 * gateway_address of the config is an IPv6 address. Nothing is sent, and the worker is not
 * involved. If this is a public address, no mapping is necessary. Errors: NO_GATEWAY, CLOSED,
 * INVALID_ARGUMENT if the buffer is too small; 64 bytes are enough. */
PLUM_SERVICE_API int plum_service_get_local_address (PlumService *service,
                                                     char *address,
                                                     size_t size);

/* Returns a short text for a return value, in the language of the program. The caller must not
 * free it. */
PLUM_SERVICE_API const char *plum_service_error_text (int error);

#ifdef __cplusplus
}
#endif

#endif
