/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A backend for the tests of plumctl, loaded like a third-party backend. Its router is a key
 * file, named by PLUM_FAKE_TABLE, so that a process finds the mappings of another one.
 * PLUM_FAKE_FAULT selects a fault. */

#include <plum-glib/plum-glib.h>

#define FAKE_TYPE_BACKEND (fake_backend_get_type ())
G_DECLARE_FINAL_TYPE (FakeBackend, fake_backend, FAKE, BACKEND, PlumBackend)

struct _FakeBackend
{
  PlumBackend parent_instance;
};

G_DEFINE_FINAL_TYPE (FakeBackend, fake_backend, PLUM_TYPE_BACKEND)

static gboolean
has_fault (const char *fault)
{
  return g_strcmp0 (g_getenv ("PLUM_FAKE_FAULT"), fault) == 0;
}

static GKeyFile *
read_table (void)
{
  GKeyFile *table = g_key_file_new ();

  g_key_file_load_from_file (table, g_getenv ("PLUM_FAKE_TABLE"), G_KEY_FILE_NONE, NULL);
  return table;
}

static void
write_table (GKeyFile *table)
{
  g_autoptr (GError) error = NULL;

  g_key_file_save_to_file (table, g_getenv ("PLUM_FAKE_TABLE"), &error);
  g_assert_no_error (error);
}

/* Entries are named by protocol and external port: "tcp 8080". */
static char *
make_group (PlumProtocol protocol, guint external_port)
{
  return g_strdup_printf ("%s %u", protocol == PLUM_PROTOCOL_TCP ? "tcp" : "udp", external_port);
}

static GInetAddress *
get_external_address (void)
{
  return g_inet_address_new_from_string ("1.2.3.4");
}

/* --- The fault "flood" --- */

#define FLOOD_ROUNDS 100
#define FLOOD_SIZE 100 /* announcements, answers and notes in each round */

typedef struct
{
  PlumBackend *backend;
  PlumCall *call;
  guint n_rounds;
} Flood;

static void
flood_once (PlumBackend *backend, guint number)
{
  g_autofree char *note = g_strdup_printf ("flood: host %u", number);
  g_autofree char *host =
    g_strdup_printf ("10.%u.%u.%u", number >> 16 & 255, number >> 8 & 255, number & 255);
  g_autoptr (GSocketAddress) peer = g_inet_socket_address_new_from_string (host, 1900);
  char packet[1400] = "NOTIFY * HTTP/1.1\r\n";
  g_autoptr (GBytes) bytes = NULL;

  if (number % 2 == 1)
    g_strlcpy (packet, "HTTP/1.1 200 OK\r\n", sizeof packet);
  g_snprintf (packet + 40, 20, "%u", number);
  bytes = g_bytes_new (packet, sizeof packet);
  plum_backend_report_traffic (backend, PLUM_TRAFFIC_RECEIVED, peer, bytes);
  plum_backend_report_note (backend, note);
}

static gboolean
on_flood (gpointer user_data)
{
  Flood *flood = user_data;

  for (guint i = 0; i < FLOOD_SIZE; i++)
    flood_once (flood->backend, flood->n_rounds * FLOOD_SIZE + i);
  if (++flood->n_rounds < FLOOD_ROUNDS)
    return G_SOURCE_CONTINUE;

  plum_call_return_done (flood->call);
  return G_SOURCE_REMOVE;
}

static void
flood_free (gpointer data)
{
  Flood *flood = data;

  g_object_unref (flood->backend);
  g_object_unref (flood->call);
  g_free (flood);
}

static void
start_flood (PlumBackend *backend, PlumCall *call)
{
  Flood *flood = g_new0 (Flood, 1);

  flood->backend = g_object_ref (backend);
  flood->call = g_object_ref (call);
  g_timeout_add_full (G_PRIORITY_DEFAULT_IDLE, 0, on_flood, flood, flood_free);
}

static void
fake_backend_discover (PlumBackend *backend, PlumCall *call)
{
  plum_backend_report_note (backend, "taken: \033[31mfake\033[0m router");
  plum_backend_report_note (backend, "hidden: "
                                     "<\u202e\u2066\u200b\u200f\u2028\302\205\302\233>");
  if (has_fault ("flood"))
    {
      start_flood (backend, call);
      return;
    }
  if (has_fault ("disguised"))
    {
      plum_call_fail (call, PLUM_ERROR_REFUSED, "refused: <\u202e\u2066\u200b\u2028\302\233>");
      return;
    }
  plum_call_return_done (call);
}

/* TRUE: a fault has completed the call, or leaves it pending forever. */
static gboolean
fail_map (PlumRequest *request, PlumCall *call)
{
  gboolean udp = plum_request_get_protocol (request) == PLUM_PROTOCOL_UDP;

  if (has_fault ("taken"))
    plum_call_fail (call, PLUM_ERROR_CONFLICT, "the port belongs to another host");
  else if (has_fault ("odd") || has_fault ("odd-and-blind"))
    plum_call_fail (call, PLUM_ERROR_MALFORMED, "the answer is malformed");
  else if (has_fault ("mute"))
    return TRUE;
  else if (has_fault ("tcp-only") && udp)
    plum_call_fail (call, PLUM_ERROR_REFUSED, "no UDP");
  else
    return FALSE;

  return TRUE;
}

/* The port, or the next one that is not used by another host. */
static guint
choose_port (GKeyFile *table, PlumProtocol protocol, guint port, const char *address)
{
  for (;; port++)
    {
      g_autofree char *group = make_group (protocol, port);
      g_autofree char *owner = g_key_file_get_string (table, group, "address", NULL);

      if (owner == NULL || g_str_equal (owner, address))
        return port;
    }
}

static void
fake_backend_map (PlumBackend *backend, PlumRequest *request, PlumCall *call)
{
  PlumProtocol protocol = plum_request_get_protocol (request);
  guint internal_port = plum_request_get_internal_port (request);
  guint external_port;
  guint lifetime =
    has_fault ("permanent") ? PLUM_LIFETIME_FOREVER : plum_request_get_lifetime (request);
  GInetAddress *local = plum_network_get_local_address (plum_backend_get_network (backend));
  g_autofree char *group = NULL;
  g_autofree char *address = g_inet_address_to_string (local);
  g_autoptr (GKeyFile) table = NULL;
  g_autoptr (GInetAddress) external = get_external_address ();
  g_autoptr (PlumLease) lease = NULL;

  if (fail_map (request, call))
    return;

  if (has_fault ("forgetful"))
    {
      lease = plum_lease_new (external, internal_port, lifetime, NULL);
      plum_call_return_lease (call, lease);
      return;
    }

  table = read_table ();
  external_port = choose_port (table, protocol, plum_request_get_external_port (request), address);
  group = make_group (protocol, external_port);
  g_key_file_set_integer (table, group, "port", (int) internal_port);
  g_key_file_set_string (table, group, "address", address);
  g_key_file_set_string (table, group, "description", plum_request_get_description (request));
  write_table (table);

  if (has_fault ("garbled"))
    {
      plum_call_fail (call, PLUM_ERROR_MALFORMED, "the answer is malformed");
      return;
    }

  lease = plum_lease_new (external, external_port, lifetime, NULL);
  plum_call_return_lease (call, lease);
}

static gboolean
on_silence_over (gpointer user_data)
{
  plum_call_fail (user_data, PLUM_ERROR_TIMED_OUT, "no answer to the delete");
  return G_SOURCE_REMOVE;
}

static void
fake_backend_unmap (PlumBackend *backend, PlumRequest *request, PlumLease *lease, PlumCall *call)
{
  g_autofree char *group = NULL;
  g_autoptr (GKeyFile) table = read_table ();

  if (has_fault ("deaf") || has_fault ("deaf-and-blind"))
    {
      plum_call_fail (call, PLUM_ERROR_TIMED_OUT, "no answer to the delete");
      return;
    }
  if (has_fault ("slow-and-deaf"))
    {
      g_timeout_add_full (G_PRIORITY_DEFAULT, 1500, on_silence_over, g_object_ref (call),
                          g_object_unref);
      return;
    }
  if (lease != NULL && !has_fault ("sticky"))
    {
      group =
        make_group (plum_request_get_protocol (request), plum_lease_get_external_port (lease));
      g_key_file_remove_group (table, group, NULL);
      write_table (table);
    }
  plum_call_return_done (call);
}

static void
fake_backend_get_external_address (PlumBackend *backend, PlumCall *call)
{
  g_autoptr (GInetAddress) external = get_external_address ();

  plum_call_return_address (call, external);
}

static void
list_table (PlumCall *call)
{
  g_autoptr (GListStore) entries = g_list_store_new (PLUM_TYPE_ENTRY);
  g_autoptr (GKeyFile) table = read_table ();
  g_auto (GStrv) groups = g_key_file_get_groups (table, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_autofree char *address = g_key_file_get_string (table, groups[i], "address", NULL);
      g_autofree char *description = g_key_file_get_string (table, groups[i], "description", NULL);
      g_autoptr (GInetAddress) internal =
        address != NULL ? g_inet_address_new_from_string (address) : NULL;
      gboolean has_lifetime = g_key_file_has_key (table, groups[i], "lifetime", NULL);
      int lifetime =
        has_lifetime ? g_key_file_get_integer (table, groups[i], "lifetime", NULL) : 120;
      g_autoptr (PlumEntry) entry =
        plum_entry_new (groups[i][0] == 't' ? PLUM_PROTOCOL_TCP : PLUM_PROTOCOL_UDP,
                        (guint) g_ascii_strtoull (groups[i] + 4, NULL, 10),
                        (guint) g_key_file_get_integer (table, groups[i], "port", NULL), internal,
                        description, (guint) lifetime, TRUE);

      g_list_store_append (entries, entry);
    }

  plum_call_return_entries (call, G_LIST_MODEL (entries));
}

#define LATE_MS 10500 /* later than PlumManager:mapping-timeout allows by default */

static gboolean
on_late (gpointer user_data)
{
  list_table (user_data);
  return G_SOURCE_REMOVE;
}

/* Looks first, like the UPnP backend. */
static void
fake_backend_list (PlumBackend *backend, PlumCall *call)
{
  if (has_fault ("blind") || has_fault ("deaf-and-blind") || has_fault ("odd-and-blind"))
    plum_call_fail (call, PLUM_ERROR_NOT_SUPPORTED, "the table cannot be read");
  else if (has_fault ("garbled-table"))
    plum_call_fail (call, PLUM_ERROR_MALFORMED, "the table is malformed");
  else if (has_fault ("late-table"))
    g_timeout_add_full (G_PRIORITY_DEFAULT, LATE_MS, on_late, g_object_ref (call), g_object_unref);
  else if (has_fault ("slow-table"))
    g_print ("listing\n");
  else
    list_table (call);
}

static void
fake_backend_delete_entry (PlumBackend *backend, PlumEntry *entry, PlumCall *call)
{
  g_autofree char *group =
    make_group (plum_entry_get_protocol (entry), plum_entry_get_external_port (entry));
  g_autoptr (GKeyFile) table = read_table ();
  g_autofree char *owner = g_key_file_get_string (table, group, "address", NULL);
  g_autofree char *client = g_inet_address_to_string (plum_entry_get_internal_address (entry));

  if (owner == NULL)
    {
      plum_call_fail (call, PLUM_ERROR_DESTROYED, "The router has no mapping of the port");
      return;
    }
  if (!g_str_equal (owner, client))
    {
      g_autofree char *message = g_strdup_printf ("The port belongs to %s", owner);

      plum_call_fail (call, PLUM_ERROR_CONFLICT, message);
      return;
    }

  if (has_fault ("keeps-9000") && plum_entry_get_external_port (entry) == 9000)
    {
      plum_call_fail (call, PLUM_ERROR_REFUSED, "the router keeps port 9000");
      return;
    }

  g_key_file_remove_group (table, group, NULL);
  write_table (table);
  plum_call_return_done (call);
}

static void
fake_backend_class_init (FakeBackendClass *klass)
{
  PlumBackendClass *backend_class = PLUM_BACKEND_CLASS (klass);

  backend_class->discover = fake_backend_discover;
  backend_class->map = fake_backend_map;
  backend_class->unmap = fake_backend_unmap;
  backend_class->get_external_address = fake_backend_get_external_address;
  backend_class->list = fake_backend_list;
  backend_class->delete_entry = fake_backend_delete_entry;
}

static void
fake_backend_init (FakeBackend *self)
{
}

PLUM_DEFINE_BACKEND_MODULE ("fake", "Test backend", 50, FAKE_TYPE_BACKEND)
