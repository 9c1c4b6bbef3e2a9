/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl list": lists the mapping table of the router, if the protocol can read it. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "discovery.h"
#include "exit-code.h"
#include "output.h"

static const GOptionEntry list_entries[] = {
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_JSON,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

/* What the router sent, if it is not a protocol that this program knows. */
static const char *
get_protocol (PlumEntry *entry)
{
  const char *text = plum_entry_get_protocol_text (entry);

  return text != NULL ? text : describe_protocol (plum_entry_get_protocol (entry));
}

/* Whether this user's plumctl has made the entry for another host. */
static gboolean
is_made_here (GListModel *recorded, PlumEntry *entry)
{
  GInetAddress *address = plum_entry_get_internal_address (entry);

  for (guint i = 0; address != NULL && i < g_list_model_get_n_items (recorded); i++)
    {
      g_autoptr (PlumEntry) record = g_list_model_get_item (recorded, i);
      GInetAddress *host = plum_entry_get_internal_address (record);

      if (host != NULL && g_inet_address_equal (host, address) &&
          plum_entry_get_protocol (record) == plum_entry_get_protocol (entry) &&
          plum_entry_get_internal_port (record) == plum_entry_get_internal_port (entry) &&
          plum_entry_get_external_port (record) == plum_entry_get_external_port (entry))
        return TRUE;
    }

  return FALSE;
}

static void
list_print_json (PlumEntry *entry, gboolean ours, gboolean made_here)
{
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "entry");
  json_writer_string (&json, "family", "ipv4");
  json_writer_string (&json, "protocol", get_protocol (entry));
  json_writer_int (&json, "external_port", plum_entry_get_external_port (entry));
  describe_address_json (&json, "internal_address", plum_entry_get_internal_address (entry));
  json_writer_int (&json, "internal_port", plum_entry_get_internal_port (entry));
  json_writer_string (&json, "description", plum_entry_get_description (entry));
  describe_lifetime_json (&json, "lifetime", plum_entry_get_lifetime (entry));
  json_writer_bool (&json, "enabled", plum_entry_get_enabled (entry));
  json_writer_bool (&json, "ours", ours);
  json_writer_bool (&json, "made_here", made_here);
  json_writer_string (&json, "remote_host", plum_entry_get_remote_host (entry));
  json_writer_bool (&json, "readable", plum_entry_is_readable (entry));
  json_writer_string (&json, "internal_port_text", plum_entry_get_internal_port_text (entry));
  json_writer_string (&json, "internal_address_text", plum_entry_get_internal_address_text (entry));
  json_writer_string (&json, "problem", plum_entry_get_problem (entry));
  json_writer_end_object (&json);

  text = json_writer_finish (&json);
  output_json (text);
}

static void
list_print_line (PlumEntry *entry, gboolean ours, gboolean made_here)
{
  const char *from = plum_entry_get_remote_host (entry);
  char mark = ours ? '*' : ' ';
  g_autofree char *address = describe_address (plum_entry_get_internal_address (entry));
  g_autofree char *lifetime = describe_lifetime (plum_entry_get_lifetime (entry));
  g_autofree char *port = g_strdup_printf ("%u", plum_entry_get_internal_port (entry));
  const char *address_text = plum_entry_get_internal_address_text (entry);
  const char *port_text = plum_entry_get_internal_port_text (entry);
  const char *description = plum_entry_get_description (entry);
  const char *problem = plum_entry_get_problem (entry);

  if (made_here)
    mark = '+';
  if (address_text == NULL)
    address_text = address != NULL ? address : "?";
  if (port_text == NULL)
    port_text = port;

  output_line (ours || made_here ? OUTPUT_GOOD : OUTPUT_PLAIN,
               "%c %s %5u → %s:%s%s%s %s%s %s%s%s%s", mark, get_protocol (entry),
               plum_entry_get_external_port (entry), address_text, port_text,
               from != NULL ? " from " : "", from != NULL ? from : "", lifetime,
               plum_entry_get_enabled (entry) ? "" : " (disabled)",
               description != NULL ? description : "", problem != NULL ? " [" : "",
               problem != NULL ? problem : "", problem != NULL ? "]" : "");
}

static void
print_entry (PlumEntry *entry, gboolean ours, gboolean made_here)
{
  if (common_options.json)
    list_print_json (entry, ours, made_here);
  else
    list_print_line (entry, ours, made_here);
}

/* The mappings that this user's plumctl has made for other hosts, if the router cannot list them.
 */
static void
print_recorded (GListModel *recorded)
{
  for (guint i = 0; i < g_list_model_get_n_items (recorded); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (recorded, i);

      print_entry (entry, FALSE, TRUE);
    }
}

/* No protocol reads the table of an IPv6 firewall: these are the records of this user's plumctl for
 * this router, which may have removed a pinhole since. */
static void
print_pinhole (PlumEntry *entry, gboolean other)
{
  GInetAddress *address = plum_entry_get_internal_address (entry);
  g_autofree char *lifetime = describe_lifetime (plum_entry_get_lifetime (entry));
  const char *protocol = describe_protocol (plum_entry_get_protocol (entry));
  const char *from = plum_entry_get_remote_host (entry);
  g_autofree char *text = NULL;
  JsonWriter json;

  if (!common_options.json)
    {
      g_autofree char *host = describe_address (address);

      output_line (OUTPUT_GOOD, "%c %s %5u → [%s]:%u%s%s %s (recorded)", other ? '+' : '*',
                   protocol, plum_entry_get_internal_port (entry), host != NULL ? host : "?",
                   plum_entry_get_internal_port (entry), from != NULL ? " from " : "",
                   from != NULL ? from : "", lifetime);
      return;
    }

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "pinhole");
  json_writer_string (&json, "family", "ipv6");
  json_writer_string (&json, "protocol", protocol);
  describe_address_json (&json, "internal_address", address);
  json_writer_int (&json, "internal_port", plum_entry_get_internal_port (entry));
  describe_lifetime_json (&json, "lifetime", plum_entry_get_lifetime (entry));
  json_writer_bool (&json, "ours", !other);
  json_writer_string (&json, "remote_host", from);
  json_writer_end_object (&json);
  text = json_writer_finish (&json);
  output_json (text);
}

static void
print_pinholes (GListModel *pinholes, gboolean others)
{
  for (guint i = 0; i < g_list_model_get_n_items (pinholes); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (pinholes, i);

      print_pinhole (entry, others);
    }
}

static void
print_all_pinholes (PlumManager *manager)
{
  g_autoptr (GListModel) own = plum_manager_dup_recorded_entries (manager, G_SOCKET_FAMILY_IPV6);
  g_autoptr (GListModel) others =
    plum_manager_dup_recorded_host_entries (manager, G_SOCKET_FAMILY_IPV6);

  print_pinholes (own, FALSE);
  print_pinholes (others, TRUE);
}

static void
on_listed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  PlumGateway *gateway = PLUM_GATEWAY (object);
  Session *session = user_data;
  GInetAddress *local = plum_gateway_get_local_address (gateway);
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) found = plum_gateway_list_entries_finish (gateway, result, &error);
  g_autoptr (GListModel) recorded = NULL;
  guint n_unreadable = 0;

  recorded = plum_manager_dup_recorded_host_entries (session->manager, G_SOCKET_FAMILY_IPV4);
  if (found == NULL)
    {
      print_recorded (recorded);
      print_all_pinholes (session->manager);
      if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED))
        output_error ("%s cannot list the mappings of the router: only UPnP can",
                      describe_backend (plum_gateway_get_backend_name (gateway)));
      else
        output_error ("the router did not list its mappings: %s", error->message);
      session_quit (session, PLUMCTL_FAILED);
      return;
    }

  for (guint i = 0; i < g_list_model_get_n_items (found); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (found, i);
      GInetAddress *address = plum_entry_get_internal_address (entry);
      gboolean ours = local != NULL && address != NULL && g_inet_address_equal (address, local);

      n_unreadable += !plum_entry_is_readable (entry);
      print_entry (entry, ours, !ours && is_made_here (recorded, entry));
    }

  print_all_pinholes (session->manager);
  if (n_unreadable > 0)
    output_error ("%u %s of the router could not be read completely", n_unreadable,
                  n_unreadable == 1 ? "entry" : "entries");
  session_quit (session, PLUMCTL_OK);
}

static void
on_list_done (Discovery *discovery)
{
  g_autoptr (PlumGateway) gateway = discovery_dup_gateway (discovery);

  if (!discovery_is_served (discovery))
    {
      discovery_print_failure (discovery);
      session_quit (discovery->session, PLUMCTL_NO_ROUTER);
      return;
    }

  plum_gateway_list_entries_async (gateway, NULL, on_listed, discovery->session);
}

static int
run_list (char **arguments, char **tail)
{
  Session session = { .interrupt_code = PLUMCTL_FAILED };
  Discovery discovery = { .session = &session, .reads_records = TRUE, .done = on_list_done };

  return discovery_run (&discovery, arguments);
}

const PlumctlCommand plumctl_command_list = {
  .name = "list",
  .arguments = "",
  .summary =
    "List the mappings of the router; * marks those of this computer, + those that plumctl made "
    "for others",
  .details =
    "Only UPnP can list the mappings; PCP and NAT-PMP cannot. No protocol can list the\n"
    "ports that are open in the IPv6 firewall: of these, the ones that plumctl has opened\n"
    "on this router are listed, from its records. The same is true of mappings for other\n"
    "hosts (“plumctl map --for”) if the router cannot list them.\n"
    "\n"
    "Examples:\n"
    "  plumctl list\n"
    "  plumctl list --backend upnp --json\n"
    "\n"
    "Exit status: 0 success, 1 the mappings cannot be listed, 2 usage error,\n"
    "3 no router answered.",
  .options = list_entries,
  .run = run_list,
};
