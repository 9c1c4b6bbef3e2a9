/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "served-ports.h"

#include "change-command.h"
#include "describe.h"
#include "output.h"

/* How long to wait before a mapping is added again that could not be added, for example because
 * this computer does not have its local address yet. */
#define RETRY_S 15

typedef struct _Port Port;

/* One port of this computer. If its request changes, the old mapping is destroyed first: an equal
 * port would share its lease. */
struct _Port
{
  ServedPorts *owner;
  char *key;
  PortsFileMapping *wanted; /* (nullable): what the file says */
  PortsFileMapping *held;   /* (nullable): what mapping was made for */
  PlumMapping *mapping;     /* (nullable) */
  Port *blocker;            /* (nullable): the port whose release this one waits for */
  ChangeCommand *command;
  char *problem; /* (nullable): why it could not be added, as printed */
  guint retry_id;
};

struct _ServedPorts
{
  PlumManager *manager;
  const ServedPortsClient *client;
  gpointer client_data;
  GHashTable *ports; /* key of the Port -> Port */
  gboolean stopped;
};

static void port_advance (Port *port);
static void port_end_release (Port *port);

static void
port_clear_mapping (Port *port)
{
  if (port->mapping != NULL)
    g_signal_handlers_disconnect_by_data (port->mapping, port);
  g_clear_object (&port->mapping);
  g_clear_pointer (&port->held, ports_file_mapping_free);
}

static void
port_free (Port *port)
{
  port_clear_mapping (port);
  g_clear_handle_id (&port->retry_id, g_source_remove);
  g_clear_pointer (&port->wanted, ports_file_mapping_free);
  g_clear_pointer (&port->command, change_command_free);
  g_free (port->problem);
  g_free (port->key);
  g_free (port);
}

/* --- One port --- */

static void
on_served_ports_notify (PlumMapping *mapping, GParamSpec *pspec, Port *port)
{
  ServedPorts *self = port->owner;
  gboolean gone =
    plum_mapping_get_state (mapping) == PLUM_STATE_DESTROYED && plum_mapping_get_id (mapping) != 0;

  self->client->changed (self, mapping, self->client_data);
  if (gone && !self->stopped)
    port_end_release (port);
}

static void
on_served_ports_changed (PlumMapping *mapping, Port *port)
{
  if (!port->owner->stopped && plum_mapping_get_state (mapping) != PLUM_STATE_DESTROYED)
    change_command_run (port->command, mapping);
}

static gboolean
on_retry (gpointer user_data)
{
  Port *port = user_data;

  port->retry_id = 0;
  port_advance (port);
  return G_SOURCE_REMOVE;
}

/* Reports a problem once, although the mapping is tried again and again. */
static void
port_report_problem (Port *port, const char *message)
{
  g_autofree char *name = describe_mapping_name (port->mapping);
  g_autofree char *problem = g_strdup_printf ("%s: %s", name, message);

  if (g_strcmp0 (problem, port->problem) != 0)
    output_error ("%s", problem);
  g_free (port->problem);
  port->problem = g_steal_pointer (&problem);
}

static void
port_add (Port *port)
{
  static const char *const watched[] = {
    "notify::state",
    "notify::error",
    "notify::external-address",
  };
  const PortsFileMapping *wanted = port->wanted;
  g_autoptr (GError) error = NULL;

  port->held = ports_file_mapping_copy (wanted);
  port->mapping =
    g_object_new (PLUM_TYPE_MAPPING, "protocol", wanted->protocol, "family", wanted->family,
                  "internal-port", wanted->internal_port, "requested-external-port",
                  wanted->external_port, "require-external-port", wanted->exact, "description",
                  wanted->description, "local-address", wanted->local_address, "internal-address",
                  wanted->host, "remote-addresses", wanted->from, NULL);

  if (!plum_manager_add_mapping (port->owner->manager, port->mapping, &error))
    {
      port_report_problem (port, error->message);
      port_clear_mapping (port);
      port->retry_id = g_timeout_add_seconds (RETRY_S, on_retry, port);
      return;
    }

  g_clear_pointer (&port->problem, g_free);
  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    g_signal_connect (port->mapping, watched[i], G_CALLBACK (on_served_ports_notify), port);
  g_signal_connect (port->mapping, "changed", G_CALLBACK (on_served_ports_changed), port);
  on_served_ports_notify (port->mapping, NULL, port);
}

static gboolean
port_is_releasing (const Port *port)
{
  return port->mapping != NULL && plum_mapping_get_state (port->mapping) == PLUM_STATE_DESTROYING;
}

/* Whether the file no longer has what the mapping was made for. */
static gboolean
port_is_outdated (const Port *port)
{
  return port->mapping != NULL &&
         (port->wanted == NULL || !ports_file_mapping_is_same_request (port->wanted, port->held));
}

/* The router would refuse the external port, or choose another one and keep it. */
static gboolean
port_must_wait_for (const Port *port, const Port *other)
{
  const PortsFileMapping *wanted = port->wanted;
  guint external_port = ports_file_mapping_get_external_port (wanted);

  return (port_is_releasing (other) || port_is_outdated (other)) &&
         wanted->protocol == other->held->protocol && wanted->family == other->held->family &&
         (external_port == ports_file_mapping_get_external_port (other->held) ||
          external_port == plum_mapping_get_external_port (other->mapping));
}

/* (transfer none) (nullable) */
static Port *
port_find_blocker (const Port *port)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, port->owner->ports);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (port_must_wait_for (port, value))
      return value;

  return NULL;
}

/* Makes the next step towards what the file says. May free the port. */
static void
port_advance (Port *port)
{
  ServedPorts *self = port->owner;

  if (port_is_releasing (port))
    return;

  if (port->mapping != NULL)
    {
      if (port_is_outdated (port))
        plum_manager_destroy_mapping_async (self->manager, plum_mapping_get_id (port->mapping),
                                            NULL, NULL, NULL);
      return;
    }

  if (port->wanted == NULL)
    {
      g_hash_table_remove (self->ports, port->key);
      self->client->removed (self, self->client_data);
      return;
    }
  if (port->retry_id != 0)
    return;

  port->blocker = port_find_blocker (port);
  if (port->blocker == NULL)
    port_add (port);
}

/* The router has released the mapping of a port, or has not answered in time. */
static void
port_end_release (Port *port)
{
  g_autoptr (GList) ports = g_hash_table_get_values (port->owner->ports);
  g_autoptr (GPtrArray) waiting = g_ptr_array_new ();

  for (GList *l = ports; l != NULL; l = l->next)
    if (((Port *) l->data)->blocker == port)
      g_ptr_array_add (waiting, l->data);

  port_clear_mapping (port);
  port_advance (port);
  for (guint i = 0; i < waiting->len; i++)
    port_advance (waiting->pdata[i]);
}

/* --- All ports --- */

ServedPorts *
served_ports_new (PlumManager *manager, const ServedPortsClient *client, gpointer user_data)
{
  ServedPorts *self = g_new0 (ServedPorts, 1);

  self->manager = manager;
  self->client = client;
  self->client_data = user_data;
  self->ports = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) port_free);
  return self;
}

void
served_ports_free (ServedPorts *self)
{
  g_hash_table_unref (self->ports);
  g_free (self);
}

static Port *
served_ports_ensure (ServedPorts *self, const PortsFileMapping *mapping)
{
  g_autofree char *key = ports_file_mapping_make_key (mapping);
  Port *port = g_hash_table_lookup (self->ports, key);

  if (port != NULL)
    return port;

  port = g_new0 (Port, 1);
  port->owner = self;
  port->key = g_steal_pointer (&key);
  port->command = change_command_new ();
  g_hash_table_insert (self->ports, port->key, port);
  return port;
}

void
served_ports_apply (ServedPorts *self, GPtrArray *mappings)
{
  g_autoptr (GList) ports = g_hash_table_get_values (self->ports);

  for (GList *l = ports; l != NULL; l = l->next)
    g_clear_pointer (&((Port *) l->data)->wanted, ports_file_mapping_free);

  for (guint i = 0; i < mappings->len; i++)
    {
      const PortsFileMapping *mapping = mappings->pdata[i];
      Port *port = served_ports_ensure (self, mapping);

      port->wanted = ports_file_mapping_copy (mapping);
      change_command_set (port->command, mapping->on_change);
    }

  g_list_free (g_steal_pointer (&ports));
  ports = g_hash_table_get_values (self->ports);
  for (GList *l = ports; l != NULL; l = l->next)
    port_advance (l->data);
}

void
served_ports_stop (ServedPorts *self)
{
  g_autoptr (GList) ports = g_hash_table_get_values (self->ports);

  self->stopped = TRUE;
  for (GList *l = ports; l != NULL; l = l->next)
    {
      Port *port = l->data;

      g_clear_handle_id (&port->retry_id, g_source_remove);
      change_command_set (port->command, NULL);
    }
}

guint
served_ports_get_n (ServedPorts *self)
{
  return g_hash_table_size (self->ports);
}

guint
served_ports_get_n_up (ServedPorts *self)
{
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->ports);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      PlumMapping *mapping = ((Port *) value)->mapping;

      n += mapping != NULL && plum_mapping_get_state (mapping) == PLUM_STATE_SUCCESS;
    }

  return n;
}
