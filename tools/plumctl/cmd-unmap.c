/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl unmap": removes mappings of this computer that no process holds. If the router can
 * list its table, deletes the entries of this computer. If not, requests the mapping again, to
 * become its owner, and then releases it. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "discovery.h"
#include "exit-code.h"
#include "mapping-set.h"
#include "output.h"
#include "state-directory.h"

static struct
{
  gboolean all_mine;
} options;

static const GOptionEntry entries[] = {
  { "all-mine", 'a', 0, G_OPTION_ARG_NONE, &options.all_mine,
    "Remove all mappings of this computer", NULL },
  COMMON_OPTION_BACKEND,
  COMMON_OPTION_GATEWAY,
  COMMON_OPTION_INTERFACE,
  COMMON_OPTION_TIMEOUT,
  COMMON_OPTION_JSON,
  COMMON_OPTION_QUIET,
  COMMON_OPTION_VERBOSE,
  { NULL },
};

typedef struct
{
  Session session; /* first: a Session * is an Unmap * */
  Discovery discovery;
  MappingSet set;
  PlumGateway *gateway;
  GPtrArray *entries; /* of PlumEntry, still to be deleted */
  guint n_removed;
  gboolean failed;
} Unmap;

static void delete_next (Unmap *unmap);

static void
print_removed (PlumProtocol protocol, guint internal_port)
{
  const char *name = describe_protocol (protocol);
  g_autofree char *text = NULL;
  JsonWriter json;

  if (!common_options.json)
    {
      output_line (OUTPUT_GOOD, "%s:%u removed", name, internal_port);
      return;
    }

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", "removed");
  json_writer_string (&json, "protocol", name);
  json_writer_int (&json, "internal_port", internal_port);
  json_writer_end_object (&json);
  text = json_writer_finish (&json);
  output_json (text);
}

static void
on_deleted (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Unmap *unmap = user_data;
  g_autoptr (PlumEntry) entry = g_ptr_array_steal_index (unmap->entries, 0);
  const char *protocol = describe_protocol (plum_entry_get_protocol (entry));
  guint port = plum_entry_get_internal_port (entry);
  g_autoptr (GError) error = NULL;

  if (plum_gateway_delete_entry_finish (PLUM_GATEWAY (object), result, &error))
    {
      unmap->n_removed++;
      print_removed (plum_entry_get_protocol (entry), port);
    }
  else
    {
      unmap->failed = TRUE;
      output_error ("%s:%u: %s", protocol, port, error->message);
    }

  delete_next (unmap);
}

static void
delete_next (Unmap *unmap)
{
  if (unmap->entries->len > 0)
    {
      plum_gateway_delete_entry_async (unmap->gateway, unmap->entries->pdata[0], NULL, on_deleted,
                                       unmap);
      return;
    }

  if (unmap->n_removed == 0 && !unmap->failed && !common_options.json)
    output_line (OUTPUT_PLAIN, "no mappings to remove");
  session_close (&unmap->session, unmap->failed ? PLUMCTL_FAILED : PLUMCTL_OK);
}

static gboolean
should_remove (Unmap *unmap, PlumEntry *entry)
{
  GInetAddress *local = plum_gateway_get_local_address (unmap->gateway);
  GInetAddress *address = plum_entry_get_internal_address (entry);

  /* Never remove a mapping of another computer. */
  if (local == NULL || address == NULL || !g_inet_address_equal (local, address))
    return FALSE;
  if (options.all_mine)
    return TRUE;

  for (guint i = 0; i < unmap->set.mappings->len; i++)
    {
      PlumMapping *mapping = unmap->set.mappings->pdata[i];
      guint external_port = plum_mapping_get_requested_external_port (mapping);

      if (plum_mapping_get_protocol (mapping) == plum_entry_get_protocol (entry) &&
          plum_mapping_get_internal_port (mapping) == plum_entry_get_internal_port (entry) &&
          (external_port == 0 || external_port == plum_entry_get_external_port (entry)))
        return TRUE;
    }

  return FALSE;
}

/* Closing the session releases the mapping. If the router granted another port than the one to
 * be removed, the existing mapping was made with a key that is not known, and the request made a
 * second mapping. */
static void
on_up (MappingSet *set)
{
  gboolean failed = FALSE;

  for (guint i = 0; i < set->mappings->len; i++)
    {
      PlumMapping *mapping = set->mappings->pdata[i];
      g_autofree char *name = describe_mapping_name (mapping);
      guint requested = plum_mapping_get_requested_external_port (mapping);

      if (requested == 0)
        requested = plum_mapping_get_internal_port (mapping);

      if (plum_mapping_get_external_port (mapping) == requested)
        {
          print_removed (plum_mapping_get_protocol (mapping),
                         plum_mapping_get_internal_port (mapping));
          continue;
        }

      failed = TRUE;
      output_error (
        "%s: external port %u cannot be removed: the mapping was made with a key that is "
        "not known, and expires with its lease",
        name, requested);
    }
  session_close (set->session, failed ? PLUMCTL_FAILED : PLUMCTL_OK);
}

static void
remap_to_remove (Unmap *unmap, const GError *reason)
{
  int exit_code = PLUMCTL_FAILED;

  if (options.all_mine)
    {
      if (g_error_matches (reason, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED))
        output_error (
          "the mappings of this computer cannot be listed: only UPnP can list mappings");
      else
        output_error ("the mappings of this computer cannot be listed: %s", reason->message);
      output_hint ("Name them instead: plumctl unmap tcp:8080");
      session_close (&unmap->session, PLUMCTL_FAILED);
      return;
    }

  if (!mapping_set_start (&unmap->set, &exit_code))
    session_close (&unmap->session, exit_code);
}

static void
on_listed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Unmap *unmap = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) found =
    plum_gateway_list_entries_finish (PLUM_GATEWAY (object), result, &error);

  if (unmap->session.closing)
    return;
  if (found == NULL)
    {
      remap_to_remove (unmap, error);
      return;
    }

  for (guint i = 0; i < g_list_model_get_n_items (found); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (found, i);

      if (should_remove (unmap, entry))
        g_ptr_array_add (unmap->entries, g_steal_pointer (&entry));
    }
  delete_next (unmap);
}

static void
on_discovered (Discovery *discovery)
{
  Unmap *unmap = (Unmap *) discovery->session;

  if (!discovery_is_served (discovery))
    {
      discovery_print_failure (discovery);
      session_close (discovery->session, PLUMCTL_NO_ROUTER);
      return;
    }

  unmap->gateway = discovery_dup_gateway (discovery);
  plum_gateway_list_entries_async (unmap->gateway, NULL, on_listed, unmap);
}

static int
run_with_session (Unmap *unmap)
{
  int exit_code;

  /* PCP needs the key of a mapping to remove it. The keys of a killed process are stored there. */
  state_directory_use (unmap->session.manager);
  discovery_start (&unmap->discovery);
  exit_code = session_run (&unmap->session);
  discovery_clear (&unmap->discovery);
  return exit_code;
}

static gboolean
parse_arguments (Unmap *unmap, char **arguments)
{
  if (!options.all_mine)
    return mapping_set_parse (&unmap->set, arguments, NULL);

  if (arguments[0] != NULL)
    {
      output_error ("“%s”: a SPEC cannot be used with --all-mine", arguments[0]);
      return FALSE;
    }

  return TRUE;
}

static int
run_unmap (char **arguments, char **tail)
{
  Unmap unmap = { .session.interrupt_code = PLUMCTL_FAILED };
  int exit_code = PLUMCTL_USAGE;

  unmap.discovery = (Discovery){ .session = &unmap.session, .done = on_discovered };
  unmap.set = (MappingSet){ .session = &unmap.session, .up = on_up };
  unmap.entries = g_ptr_array_new_with_free_func (g_object_unref);

  if (parse_arguments (&unmap, arguments))
    {
      if (session_init (&unmap.session))
        exit_code = run_with_session (&unmap);
      else
        exit_code = unmap.session.exit_code;
    }

  mapping_set_clear (&unmap.set);
  g_clear_object (&unmap.gateway);
  g_clear_pointer (&unmap.entries, g_ptr_array_unref);
  session_clear (&unmap.session);
  return exit_code;
}

const PlumctlCommand plumctl_command_unmap = {
  .name = "unmap",
  .arguments = "SPEC…",
  .summary = "Remove mappings of this computer from the router",
  .details =
    "With PCP, a strict router refuses to remove a mapping without the key that it was made\n"
    "with. Mappings made by “plumctl map --once” then expire with their lease, and this\n"
    "command fails.\n"
    "\n"
    "Examples:\n"
    "  plumctl unmap tcp:8080\n"
    "  plumctl unmap --all-mine\n"
    "\n"
    "Exit status: 0 success, 1 a mapping could not be removed, 2 usage error,\n"
    "3 no router answered.",
  .options = entries,
  .run = run_unmap,
};
