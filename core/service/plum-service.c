/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-service-worker-private.h"

#define WAIT_TIMEOUT_MS 30000

/* --- Life --- */

static gboolean
read_config (PlumService *self, const PlumServiceConfig *config)
{
  PlumServiceConfig *own = &self->config;

  plum_service_config_init (own, sizeof *own);
  if (config != NULL && !plum_service_read_struct (own, sizeof *own, config))
    {
      plum_service_config_init (own, sizeof *own);
      return FALSE;
    }

  own->backends = (const char *const *) g_strdupv ((char **) own->backends);
  own->interface_name = g_strdup (own->interface_name);
  own->application_name = g_strdup (own->application_name);
  own->state_directory = g_strdup (own->state_directory);
  if (own->gateway_address == NULL)
    return TRUE;

  self->gateway_address = g_inet_address_new_from_string (own->gateway_address);
  own->gateway_address = NULL;
  return self->gateway_address != NULL;
}

PlumService *
plum_service_new (const PlumServiceConfig *config, int *error)
{
  PlumService *self = g_new0 (PlumService, 1);
  int code = PLUM_SERVICE_OK;

  plum_service_table_init (&self->table);
  plum_service_mutex_init (&self->queue_mutex);
  plum_service_cond_init (&self->joined_changed);
  self->context = g_main_context_new ();

  if (!read_config (self, config))
    code = PLUM_SERVICE_ERROR_INVALID_ARGUMENT;
  else if (!plum_service_worker_start (self))
    code = PLUM_SERVICE_ERROR_FAILED;
  if (code != PLUM_SERVICE_OK)
    g_clear_pointer (&self, plum_service_dispose);

  if (error != NULL)
    *error = code;
  return self;
}

static void
join_worker (PlumService *self)
{
  plum_service_thread_join (&self->thread);

  plum_service_mutex_lock (&self->queue_mutex);
  self->joined = TRUE;
  plum_service_cond_broadcast (&self->joined_changed);
  plum_service_mutex_unlock (&self->queue_mutex);
}

static void
wait_for_join (PlumService *self)
{
  plum_service_mutex_lock (&self->queue_mutex);
  while (!self->joined)
    plum_service_cond_wait (&self->joined_changed, &self->queue_mutex);
  plum_service_mutex_unlock (&self->queue_mutex);
}

int
plum_service_close (PlumService *self, uint32_t timeout, char *remaining, size_t remaining_size)
{
  if (remaining != NULL && remaining_size > 0)
    remaining[0] = '\0';
  if (plum_service_worker_is_current (self))
    return PLUM_SERVICE_ERROR_WOULD_BLOCK;
  if (!plum_service_table_close (&self->table))
    {
      wait_for_join (self);
      return PLUM_SERVICE_ERROR_CLOSED;
    }

  self->close_timeout = timeout;
  plum_service_worker_push (self, PLUM_SERVICE_COMMAND_CLOSE, NULL);
  join_worker (self);

  if (self->close_error == NULL)
    return PLUM_SERVICE_OK;
  if (remaining != NULL)
    plum_service_copy_text (remaining, remaining_size, self->close_error->message);
  return plum_service_error_from_gerror (self->close_error);
}

void
plum_service_free (PlumService *self)
{
  if (self == NULL)
    return;

  if (!plum_service_worker_is_current (self))
    {
      plum_service_close (self, 0, NULL, 0);
      plum_service_dispose (self);
      return;
    }

  self->silent = TRUE;
  if (!plum_service_table_close (&self->table))
    return; /* another thread closes it, and frees it afterwards */
  self->free_at_exit = TRUE;
  plum_service_thread_detach (&self->thread);
  plum_service_worker_push (self, PLUM_SERVICE_COMMAND_CLOSE, NULL);
}

/* --- Mappings --- */

static gboolean
read_request (PlumServiceRequest *to, const PlumServiceRequest *from)
{
  g_autoptr (GInetAddress) address = NULL;
  GSocketFamily family;

  plum_service_request_init (to, sizeof *to);
  if (from == NULL || !plum_service_read_struct (to, sizeof *to, from))
    return FALSE;
  if (to->protocol != PLUM_SERVICE_TCP && to->protocol != PLUM_SERVICE_UDP)
    return FALSE;
  if (to->family != PLUM_SERVICE_IPV4 && to->family != PLUM_SERVICE_IPV6)
    return FALSE;
  if (to->internal_port == 0)
    return FALSE;
  if (to->local_address == NULL)
    return TRUE;

  family = to->family == PLUM_SERVICE_IPV4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
  address = g_inet_address_new_from_string (to->local_address);
  return address != NULL && g_inet_address_get_family (address) == family;
}

int
plum_service_map (PlumService *self, const PlumServiceRequest *request)
{
  PlumServiceRequest copy;
  PlumServiceEntry *entry;
  int id;

  if (!read_request (&copy, request))
    return PLUM_SERVICE_ERROR_INVALID_ARGUMENT;

  entry = plum_service_table_add (&self->table, &copy);
  if (entry == NULL)
    return PLUM_SERVICE_ERROR_CLOSED;

  id = entry->id;
  plum_service_worker_push (self, PLUM_SERVICE_COMMAND_MAP, entry);
  return id;
}

int
plum_service_unmap (PlumService *self, int id)
{
  PlumServiceEntry *entry;

  if (plum_service_table_is_closed (&self->table))
    return PLUM_SERVICE_ERROR_CLOSED;
  entry = plum_service_table_unmap (&self->table, id);
  if (entry == NULL)
    return PLUM_SERVICE_ERROR_NOT_FOUND;

  plum_service_worker_push (self, PLUM_SERVICE_COMMAND_UNMAP, entry);
  return PLUM_SERVICE_OK;
}

bool
plum_service_has (PlumService *self, int id)
{
  PlumServiceEntry *entry = plum_service_table_lookup (&self->table, id);
  gboolean has;

  if (entry == NULL)
    return false;

  has = !plum_service_table_is_unmapped (&self->table, entry);
  plum_service_table_unref (&self->table, entry);
  return has;
}

int
plum_service_list (PlumService *self, int *ids, int n)
{
  return plum_service_table_list (&self->table, ids, n);
}

int
plum_service_query (PlumService *self, int id, PlumServiceMapping *mapping)
{
  PlumServiceEntry *entry = plum_service_table_lookup (&self->table, id);
  PlumServiceMapping snapshot;

  if (entry == NULL)
    return plum_service_table_is_closed (&self->table) ? PLUM_SERVICE_ERROR_CLOSED
                                                       : PLUM_SERVICE_ERROR_NOT_FOUND;

  plum_service_table_read (&self->table, entry, &snapshot);
  plum_service_table_unref (&self->table, entry);
  if (!plum_service_write_mapping (mapping, &snapshot))
    return PLUM_SERVICE_ERROR_INVALID_ARGUMENT;
  return PLUM_SERVICE_OK;
}

/* --- Waiting --- */

/* Without a network a mapping is pending for any length of time. */
static gboolean
is_decided (const PlumServiceEntry *entry)
{
  return entry->snapshot.state != PLUM_SERVICE_PENDING ||
         entry->snapshot.error == PLUM_SERVICE_ERROR_NO_GATEWAY;
}

static gboolean
is_destroyed (const PlumServiceEntry *entry)
{
  return entry->snapshot.state == PLUM_SERVICE_DESTROYED;
}

static int
get_result (PlumService *self, const PlumServiceMapping *snapshot, gboolean met)
{
  if (!met)
    return PLUM_SERVICE_ERROR_TIMED_OUT;
  if (snapshot->state == PLUM_SERVICE_SUCCESS)
    return PLUM_SERVICE_OK;
  if (plum_service_table_is_closed (&self->table))
    return PLUM_SERVICE_ERROR_CLOSED;
  if (snapshot->state == PLUM_SERVICE_DESTROYED || snapshot->state == PLUM_SERVICE_DESTROYING)
    return PLUM_SERVICE_ERROR_DESTROYED;

  return snapshot->error != PLUM_SERVICE_OK ? snapshot->error : PLUM_SERVICE_ERROR_FAILED;
}

int
plum_service_wait (PlumService *self, int id, uint32_t timeout, PlumServiceMapping *mapping)
{
  PlumServiceEntry *entry;
  PlumServiceMapping snapshot;
  gboolean met;

  if (plum_service_worker_is_current (self))
    return PLUM_SERVICE_ERROR_WOULD_BLOCK;
  entry = plum_service_table_lookup (&self->table, id);
  if (entry == NULL)
    return plum_service_table_is_closed (&self->table) ? PLUM_SERVICE_ERROR_CLOSED
                                                       : PLUM_SERVICE_ERROR_NOT_FOUND;

  met = plum_service_table_wait (&self->table, entry, is_decided,
                                 timeout != 0 ? timeout : WAIT_TIMEOUT_MS, &snapshot);
  plum_service_table_unref (&self->table, entry);
  if (mapping != NULL && !plum_service_write_mapping (mapping, &snapshot))
    return PLUM_SERVICE_ERROR_INVALID_ARGUMENT;
  return get_result (self, &snapshot, met);
}

int
plum_service_map_and_wait (PlumService *self,
                           const PlumServiceRequest *request,
                           uint32_t timeout,
                           PlumServiceMapping *mapping)
{
  int id, result;

  if (plum_service_worker_is_current (self))
    return PLUM_SERVICE_ERROR_WOULD_BLOCK;

  id = plum_service_map (self, request);
  if (id < 0)
    return id;

  result = plum_service_wait (self, id, timeout, mapping);
  if (result == PLUM_SERVICE_OK)
    return id;

  plum_service_unmap (self, id);
  /* The callback may have unmapped it. */
  return result == PLUM_SERVICE_ERROR_NOT_FOUND ? PLUM_SERVICE_ERROR_DESTROYED : result;
}

int
plum_service_unmap_and_wait (PlumService *self, int id, uint32_t timeout)
{
  PlumServiceEntry *entry;
  PlumServiceMapping snapshot;
  gboolean met;

  if (plum_service_worker_is_current (self))
    return PLUM_SERVICE_ERROR_WOULD_BLOCK;
  if (plum_service_table_is_closed (&self->table))
    return PLUM_SERVICE_ERROR_CLOSED;
  entry = plum_service_table_lookup (&self->table, id);
  if (entry == NULL)
    return PLUM_SERVICE_ERROR_NOT_FOUND;
  if (plum_service_unmap (self, id) != PLUM_SERVICE_OK)
    {
      plum_service_table_unref (&self->table, entry);
      return PLUM_SERVICE_ERROR_NOT_FOUND;
    }

  met = plum_service_table_wait (&self->table, entry, is_destroyed,
                                 timeout != 0 ? timeout : WAIT_TIMEOUT_MS, &snapshot);
  plum_service_table_unref (&self->table, entry);
  return met ? (int) snapshot.error : PLUM_SERVICE_ERROR_TIMED_OUT;
}

/* A manager of its own, because that of the service belongs to the worker. */
static GInetAddress *
get_local_address_towards (GInetAddress *gateway, const char *interface_name, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (PlumManager) manager = NULL;
  GInetAddress *local;

  g_main_context_push_thread_default (context);
  manager = plum_manager_new ();
  plum_manager_set_gateway_address (manager, gateway);
  plum_manager_set_interface (manager, interface_name);
  local = plum_manager_get_local_address (manager, error);
  g_clear_object (&manager);
  g_main_context_pop_thread_default (context);
  return local;
}

/* --- Local address --- */

/* A manager of this thread reads the routes, so that the worker is not waited for. */
int
plum_service_get_local_address (PlumService *self, char *address, size_t size)
{
  g_autoptr (GInetAddress) local = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (plum_service_table_is_closed (&self->table))
    return PLUM_SERVICE_ERROR_CLOSED;

  if (self->gateway_address == NULL && self->config.interface_name == NULL)
    local = plum_address_get_local (G_SOCKET_FAMILY_IPV4, &error);
  else
    local = get_local_address_towards (self->gateway_address, self->config.interface_name, &error);

  if (local == NULL)
    return plum_service_error_from_gerror (error);

  text = g_inet_address_to_string (local);
  if (address == NULL || g_strlcpy (address, text, size) >= size)
    return PLUM_SERVICE_ERROR_INVALID_ARGUMENT;
  return PLUM_SERVICE_OK;
}
