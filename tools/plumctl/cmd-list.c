/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl list": lists the mapping table of the router, if the protocol can read it. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "discovery.h"
#include "exit-code.h"
#include "output.h"

static const GOptionEntry entries[] = {
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_JSON,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

static void
print_json (PlumEntry *entry, gboolean ours)
{
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "entry");
  json_writer_string (&json, "protocol", describe_protocol (plum_entry_get_protocol (entry)));
  json_writer_int (&json, "external_port", plum_entry_get_external_port (entry));
  describe_address_json (&json, "internal_address", plum_entry_get_internal_address (entry));
  json_writer_int (&json, "internal_port", plum_entry_get_internal_port (entry));
  json_writer_string (&json, "description", plum_entry_get_description (entry));
  describe_lifetime_json (&json, "lifetime", plum_entry_get_lifetime (entry));
  json_writer_bool (&json, "enabled", plum_entry_get_enabled (entry));
  json_writer_bool (&json, "ours", ours);
  json_writer_end_object (&json);

  text = json_writer_finish (&json);
  output_json (text);
}

static void
print_line (PlumEntry *entry, gboolean ours)
{
  g_autofree char *address = describe_address (plum_entry_get_internal_address (entry));
  g_autofree char *lifetime = describe_lifetime (plum_entry_get_lifetime (entry));
  const char *description = plum_entry_get_description (entry);

  output_line (ours ? OUTPUT_GOOD : OUTPUT_PLAIN, "%c %s %5u → %s:%u %s%s %s", ours ? '*' : ' ',
               describe_protocol (plum_entry_get_protocol (entry)),
               plum_entry_get_external_port (entry), address != NULL ? address : "?",
               plum_entry_get_internal_port (entry), lifetime,
               plum_entry_get_enabled (entry) ? "" : " (disabled)",
               description != NULL ? description : "");
}

static void
on_listed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  PlumGateway *gateway = PLUM_GATEWAY (object);
  Session *session = user_data;
  GInetAddress *local = plum_gateway_get_local_address (gateway);
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) found = plum_gateway_list_entries_finish (gateway, result, &error);

  if (found == NULL)
    {
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

      if (common_options.json)
        print_json (entry, ours);
      else
        print_line (entry, ours);
    }

  session_quit (session, PLUMCTL_OK);
}

static void
on_done (Discovery *discovery)
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
  Discovery discovery = { .session = &session, .done = on_done };

  return discovery_run (&discovery, arguments);
}

const PlumctlCommand plumctl_command_list = {
  .name = "list",
  .arguments = "",
  .summary = "List the mappings of the router; * marks those of this computer",
  .details = "Only UPnP can list the mappings; PCP and NAT-PMP cannot.\n"
             "\n"
             "Examples:\n"
             "  plumctl list\n"
             "  plumctl list --backend upnp --json\n"
             "\n"
             "Exit status: 0 success, 1 the mappings cannot be listed, 2 usage error,\n"
             "3 no router answered.",
  .options = entries,
  .run = run_list,
};
