/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum/plum.h"

#include <plum-service/plum-service.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libplum-service does not keep for a mapping. */
typedef struct Record
{
  int id;
  plum_mapping_callback_t callback;
  void *user_ptr;
  uint16_t requested_port;
  struct Record *next;
} Record;

/* A program may hold a lock while it calls plum_service_map(), also if its callbacks take it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static PlumService *service;
static Record *records;
static plum_log_level_t log_level = PLUM_LOG_LEVEL_NONE;
static plum_log_callback_t log_callback;
static const char *gateway;

void
plum_compat_set_gateway (const char *address)
{
  gateway = address;
}

void
plum_set_log_level (plum_log_level_t level)
{
  pthread_mutex_lock (&mutex);
  log_level = level;
  pthread_mutex_unlock (&mutex);
}

static void
on_log (PlumServiceLogLevel level, const char *message, void *data)
{
  plum_log_level_t lowest;

  pthread_mutex_lock (&mutex);
  lowest = log_level;
  pthread_mutex_unlock (&mutex);

  if ((int) level < (int) lowest)
    return;
  if (log_callback != NULL)
    log_callback ((plum_log_level_t) level, message);
  else
    printf ("%s\n", message);
}

int
plum_init (const plum_config_t *config)
{
  static const char *const pcp[] = { "pcp", "natpmp", NULL };
  static const char *const upnp[] = { "upnp", NULL };
  PlumServiceConfig own;

  if (config == NULL)
    return PLUM_ERR_INVALID;
  if (service != NULL)
    return PLUM_ERR_FAILED;

  plum_service_config_init (&own, sizeof own);
  own.log_func = on_log;
  own.log_level = PLUM_SERVICE_LOG_VERBOSE;
  own.discover_timeout = config->discover_timeout > 0 ? (uint32_t) config->discover_timeout : 0;
  own.mapping_timeout = config->mapping_timeout > 0 ? (uint32_t) config->mapping_timeout : 0;
  own.recheck_period = config->recheck_period > 0 ? (uint32_t) config->recheck_period : 0;
  own.gateway_address = gateway;
  if (config->protocol == PLUM_PROTOCOL_PCP)
    own.backends = pcp;
  else if (config->protocol == PLUM_PROTOCOL_UPNP)
    own.backends = upnp;

  log_callback = config->log_callback;
  plum_set_log_level (config->log_level);
  service = plum_service_new (&own, NULL);
  return service != NULL ? PLUM_ERR_SUCCESS : PLUM_ERR_FAILED;
}

int
plum_cleanup (void)
{
  char remaining[512];

  if (service == NULL)
    return PLUM_ERR_FAILED;
  if (plum_service_close (service, 0, remaining, sizeof remaining) ==
      PLUM_SERVICE_ERROR_WOULD_BLOCK)
    return PLUM_ERR_FAILED;
  if (remaining[0] != '\0')
    on_log (PLUM_SERVICE_LOG_WARN, remaining, NULL);

  plum_service_free (service);
  service = NULL;
  return PLUM_ERR_SUCCESS;
}

/* --- Mappings --- */

static plum_mapping_protocol_t
get_mapping_protocol (const char *backend)
{
  static const char *const names[] = { "", "pcp", "natpmp", "upnp", "direct" };

  for (int i = 1; i < 5; i++)
    if (strcmp (names[i], backend) == 0)
      return (plum_mapping_protocol_t) i;
  return PLUM_MAPPING_PROTOCOL_UNKNOWN;
}

static void
convert (const PlumServiceMapping *from, const Record *record, plum_mapping_t *to)
{
  memset (to, 0, sizeof *to);
  to->protocol = (plum_ip_protocol_t) from->protocol;
  to->mapping_protocol = get_mapping_protocol (from->backend);
  to->internal_port = from->internal_port;
  to->external_port = from->external_port != 0 ? from->external_port : record->requested_port;
  memcpy (to->external_host, from->external_host, sizeof from->external_host);
  to->user_ptr = record->user_ptr;
}

/* Without a network a service waits for one. libplum reports that as a failure. */
static plum_state_t
get_state (const PlumServiceMapping *mapping)
{
  if (mapping->state == PLUM_SERVICE_PENDING && mapping->error == PLUM_SERVICE_ERROR_NO_GATEWAY)
    return PLUM_STATE_FAILURE;
  return (plum_state_t) mapping->state;
}

static void
remove_record (Record *record)
{
  Record **place = &records;

  pthread_mutex_lock (&mutex);
  while (*place != record)
    place = &(*place)->next;
  *place = record->next;
  pthread_mutex_unlock (&mutex);
  free (record);
}

static void
on_report (PlumService *unused, const PlumServiceMapping *snapshot, void *data)
{
  Record *record = data;
  plum_state_t state = get_state (snapshot);
  plum_mapping_t mapping;

  convert (snapshot, record, &mapping);
  if (record->callback != NULL && state != PLUM_STATE_PENDING && state != PLUM_STATE_DESTROYING)
    record->callback (snapshot->id, state, &mapping);
  if (state == PLUM_STATE_DESTROYED)
    remove_record (record);
}

int
plum_create_mapping (const plum_mapping_t *mapping, plum_mapping_callback_t callback)
{
  PlumServiceRequest request;
  Record *record;
  int id;

  if (service == NULL)
    return PLUM_ERR_FAILED;
  if (mapping == NULL || (record = calloc (1, sizeof *record)) == NULL)
    return PLUM_ERR_INVALID;

  record->callback = callback;
  record->user_ptr = mapping->user_ptr;
  record->requested_port = mapping->external_port;
  plum_service_request_init (&request, sizeof request);
  request.protocol = (PlumServiceProtocol) mapping->protocol;
  request.internal_port = mapping->internal_port;
  request.external_port = mapping->external_port;
  request.callback = on_report;
  request.callback_data = record;

  pthread_mutex_lock (&mutex);
  id = plum_service_map (service, &request);
  if (id > 0)
    {
      record->id = id;
      record->next = records;
      records = record;
    }
  pthread_mutex_unlock (&mutex);

  if (id > 0)
    return id;
  free (record);
  return id == PLUM_SERVICE_ERROR_INVALID_ARGUMENT ? PLUM_ERR_INVALID : PLUM_ERR_FAILED;
}

int
plum_query_mapping (int id, plum_state_t *state, plum_mapping_t *mapping)
{
  PlumServiceMapping snapshot = { 0 };
  Record copy = { 0 };

  if (service == NULL)
    return PLUM_ERR_FAILED;
  snapshot.size = sizeof snapshot;
  if (!plum_service_has (service, id) || plum_service_query (service, id, &snapshot) != 0)
    return PLUM_ERR_NOT_AVAIL;

  pthread_mutex_lock (&mutex);
  for (const Record *record = records; record != NULL; record = record->next)
    if (record->id == id)
      copy = *record;
  pthread_mutex_unlock (&mutex);

  if (state != NULL)
    *state = get_state (&snapshot);
  if (mapping != NULL)
    convert (&snapshot, &copy, mapping);
  return PLUM_ERR_SUCCESS;
}

int
plum_destroy_mapping (int id)
{
  if (service == NULL)
    return PLUM_ERR_FAILED;
  return plum_service_unmap (service, id) == PLUM_SERVICE_OK ? PLUM_ERR_SUCCESS
                                                             : PLUM_ERR_NOT_AVAIL;
}

int
plum_get_local_address (char *buffer, size_t size)
{
  int error;

  if (service == NULL)
    return PLUM_ERR_FAILED;
  error = plum_service_get_local_address (service, buffer, size);
  if (error == PLUM_SERVICE_OK)
    return (int) strlen (buffer);
  return error == PLUM_SERVICE_ERROR_INVALID_ARGUMENT ? PLUM_ERR_INVALID : PLUM_ERR_NOT_AVAIL;
}
