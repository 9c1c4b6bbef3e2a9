/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* "plumctl list": lists the mapping table of the router, if the protocol can read it. */

#include "command.h"
#include "common-options.h"
#include "describe.h"
#include "discovery.h"
#include "endpoint.h"
#include "exit-code.h"
#include "list-line.h"
#include "output.h"
#include "router-entry.h"

#include <glib/gi18n-lib.h>

static const GOptionEntry list_entries[] = {
  COMMON_OPTION_BACKEND, COMMON_OPTION_GATEWAY, COMMON_OPTION_INTERFACE, COMMON_OPTION_MAX_HOPS,
  COMMON_OPTION_TIMEOUT, COMMON_OPTION_JSON,    COMMON_OPTION_VERBOSE,   { NULL },
};

/* The routers whose tables are listed, the gateway first. */
typedef struct
{
  Session session; /* first: a Session * is a Listing * */
  Discovery discovery;
  GPtrArray *routers;   /* of PlumGateway */
  GListModel *own;      /* (nullable): recorded on the gateway */
  GListModel *recorded; /* (nullable): mappings for other hosts */
  GListModel *beyond;   /* (nullable): recorded on the routers beyond the gateway */
  guint first;          /* the first of the routers that maps ports */
  guint next;

  /* The table of the router before the next one; NULL if that has not listed it. */
  GListModel *table; /* (nullable) */
  GArray *marks;     /* of Mark: of the entries of the table */

  GCancellable *cancellable; /* of the tables, when --timeout has passed */
  guint timeout_id;
  guint n_unreadable;
  int exit_code;
} Listing;

/* The mappings that this user's plumctl has made, if the router cannot list them. */
static void
print_records (GListModel *records, Mark mark)
{
  for (guint i = 0; i < g_list_model_get_n_items (records); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (records, i);

      list_line_print (&(ListLine){ .entry = entry,
                                    .router = plum_entry_get_gateway_address (entry),
                                    .mark = mark,
                                    .recorded = TRUE });
    }
}

static void
print_recorded (Listing *self)
{
  print_records (self->own, MARK_OURS);
  print_records (self->recorded, MARK_MADE_HERE);
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
      g_autofree char *remote = list_line_describe_from (from);

      output_line (OUTPUT_GOOD, "%c %s %5u → [%s]:%u%s%s %s %s", other ? '+' : '*', protocol,
                   plum_entry_get_internal_port (entry), host != NULL ? host : "?",
                   plum_entry_get_internal_port (entry), remote != NULL ? " " : "",
                   remote != NULL ? remote : "", lifetime, _ ("(recorded)"));
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

/* --- The marks of the entries --- */

/* Whether this user's plumctl has made the entry for another host. */
static gboolean
is_made_here (Listing *self, PlumEntry *entry)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->recorded); i++)
    {
      g_autoptr (PlumEntry) record = g_list_model_get_item (self->recorded, i);

      if (address_equal (plum_entry_get_internal_address (record),
                         plum_entry_get_internal_address (entry)) &&
          router_entry_is_same_port (record, entry))
        return TRUE;
    }

  return FALSE;
}

/* The mark of what is recorded on a router beyond the gateway: that of the mapping that it leads
 * to, over the routers between. */
static Mark
find_record_mark (Listing *self, PlumEntry *record)
{
  g_autoptr (PlumEntry) outer = g_object_ref (record);

  for (guint i = 0; i < self->routers->len; i++)
    {
      g_autoptr (PlumEntry) other = router_entry_find_inner (self->recorded, outer);
      g_autoptr (PlumEntry) between = router_entry_find_inner (self->beyond, outer);

      if (other != NULL)
        return MARK_MADE_HERE;
      if (between == NULL)
        break;
      g_set_object (&outer, between);
    }

  return MARK_OURS;
}

/* The mark of the record of the entry, of a router beyond the gateway. */
static Mark
find_recorded_mark (Listing *self, PlumGateway *router, PlumEntry *entry)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->beyond); i++)
    {
      g_autoptr (PlumEntry) record = g_list_model_get_item (self->beyond, i);

      if (address_equal (plum_entry_get_gateway_address (record),
                         plum_gateway_get_address (router)) &&
          router_entry_is_same_port (record, entry))
        return find_record_mark (self, record);
    }

  return MARK_NONE;
}

/* All hosts behind the router before have its address: its table says where the entry leads. What
 * that does not list, such as what an earlier run has left behind, is known from the records. */
static Mark
find_mark_beyond (Listing *self, PlumGateway *router, PlumGateway *before, PlumEntry *entry)
{
  if (!address_equal (plum_entry_get_internal_address (entry),
                      plum_gateway_get_external_address (before)))
    return MARK_NONE;

  for (guint i = 0; self->table != NULL && i < g_list_model_get_n_items (self->table); i++)
    {
      g_autoptr (PlumEntry) inner = g_list_model_get_item (self->table, i);

      if (router_entry_leads_to (entry, inner))
        return g_array_index (self->marks, Mark, i);
    }

  return find_recorded_mark (self, router, entry);
}

/* before: (nullable): the router before that maps ports as well. */
static Mark
find_mark (Listing *self, PlumGateway *router, PlumGateway *before, PlumEntry *entry)
{
  if (before != NULL)
    return find_mark_beyond (self, router, before, entry);
  if (address_equal (plum_entry_get_internal_address (entry),
                     plum_gateway_get_local_address (router)))
    return MARK_OURS;
  return is_made_here (self, entry) ? MARK_MADE_HERE : MARK_NONE;
}

/* --- The tables of the routers --- */

/* table: (nullable): the router has not listed it */
static void
print_table (Listing *self, PlumGateway *router, PlumGateway *before, GListModel *table)
{
  g_autoptr (GArray) marks = g_array_new (FALSE, FALSE, sizeof (Mark));

  for (guint i = 0; table != NULL && i < g_list_model_get_n_items (table); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (table, i);
      Mark mark = find_mark (self, router, before, entry);

      self->n_unreadable += !plum_entry_is_readable (entry);
      list_line_print (&(ListLine){ .entry = entry,
                                    .router = plum_gateway_get_address (router),
                                    .mark = mark,
                                    .beyond = self->next > 0 });
      g_array_append_val (marks, mark);
    }

  g_set_object (&self->table, table);
  g_clear_pointer (&self->marks, g_array_unref);
  self->marks = g_steal_pointer (&marks);
}

/* Whether the address is that of a router whose table is listed. address: (nullable) */
static gboolean
is_listed_router (Listing *self, GInetAddress *address)
{
  for (guint i = 1; i < self->routers->len; i++)
    if (address_equal (address, plum_gateway_get_address (self->routers->pdata[i])))
      return TRUE;

  return FALSE;
}

/* What is recorded on the routers beyond the gateway that have not listed it. router: (nullable):
 * only this one, or those that are unknown. */
static void
print_recorded_beyond (Listing *self, PlumGateway *router)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->beyond); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (self->beyond, i);
      GInetAddress *address = plum_entry_get_gateway_address (entry);

      if (router != NULL ? address_equal (address, plum_gateway_get_address (router))
                         : !is_listed_router (self, address))
        list_line_print (&(ListLine){ .entry = entry,
                                      .router = address,
                                      .mark = find_record_mark (self, entry),
                                      .recorded = TRUE,
                                      .beyond = TRUE });
    }
}

static void
report_list_failure (Listing *self, PlumGateway *router, const GError *error)
{
  const char *backend = describe_backend (plum_gateway_get_backend_name (router));
  g_autofree char *address = describe_address (plum_gateway_get_address (router));
  gboolean beyond = self->next > 0;

  if (beyond)
    print_recorded_beyond (self, router);
  else
    print_recorded (self);
  if (self->next == self->first)
    self->exit_code = PLUMCTL_FAILED;

  if (!g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED))
    {
      if (beyond)
        output_error (_ ("%s did not list its mappings: %s"), address, error->message);
      else
        output_error (_ ("the router did not list its mappings: %s"), error->message);
    }
  else if (beyond)
    /* Translators: a protocol, and a router. */
    output_error (_ ("%s cannot list the mappings of %s: only UPnP can"), backend, address);
  else
    /* Translators: a protocol. */
    output_error (_ ("%s cannot list the mappings of the router: only UPnP can"), backend);
}

static gboolean
on_listing_timeout (gpointer user_data)
{
  Listing *self = user_data;

  self->timeout_id = 0;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static void list_next (Listing *self);

static void
on_listed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Listing *self = user_data;
  PlumGateway *router = PLUM_GATEWAY (object);
  PlumGateway *before = self->next > self->first ? self->routers->pdata[self->next - 1] : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) table = plum_gateway_list_entries_finish (router, result, &error);

  if (self->session.closing)
    return;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_clear_error (&error);
      g_set_error (&error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _ ("no answer within %g s"),
                   common_options.timeout);
    }
  print_table (self, router, before, table);
  if (table == NULL)
    report_list_failure (self, router, error);
  self->next++;
  list_next (self);
}

static void
report_unreadable (Listing *self)
{
  guint n = self->n_unreadable;

  if (self->routers->len == 1)
    output_error (g_dngettext (GETTEXT_PACKAGE,
                               "%u entry of the router could not be read completely",
                               "%u entries of the router could not be read completely", n),
                  n);
  else
    output_error (g_dngettext (GETTEXT_PACKAGE,
                               "%u entry of the routers could not be read completely",
                               "%u entries of the routers could not be read completely", n),
                  n);
}

static void
list_next (Listing *self)
{
  if (self->next < self->routers->len)
    {
      plum_gateway_list_entries_async (self->routers->pdata[self->next], self->cancellable,
                                       on_listed, self);
      return;
    }

  print_recorded_beyond (self, NULL);
  print_all_pinholes (self->session.manager);
  if (self->n_unreadable > 0)
    report_unreadable (self);
  session_quit (&self->session, self->exit_code);
}

/* chain: (nullable): of the gateway that programs use */
static void
load_records (Listing *self, const RouterChain *chain)
{
  PlumManager *manager = self->session.manager;

  self->routers = chain != NULL ? g_ptr_array_ref (chain->routers) : g_ptr_array_new ();
  self->own = plum_manager_dup_recorded_entries (manager, G_SOCKET_FAMILY_IPV4);
  self->recorded = plum_manager_dup_recorded_host_entries (manager, G_SOCKET_FAMILY_IPV4);
  self->beyond = plum_manager_dup_recorded_upstream_entries (manager);
}

static void
on_list_done (Discovery *discovery)
{
  Listing *self = (Listing *) discovery->session;
  g_autoptr (PlumGateway) gateway = discovery_dup_gateway (discovery);
  const RouterChain *chain = discovery_get_chain (discovery, gateway);

  load_records (self, chain);
  if (chain == NULL || !discovery_has_router (discovery))
    {
      print_recorded (self);
      print_recorded_beyond (self, NULL);
      print_all_pinholes (self->session.manager);
      discovery_print_failure (discovery);
      session_quit (discovery->session, PLUMCTL_NO_ROUTER);
      return;
    }

  plum_manager_set_mapping_timeout (self->session.manager, common_options_get_timeout_ms ());
  self->timeout_id = g_timeout_add (common_options_get_timeout_ms (), on_listing_timeout, self);
  /* A gateway that maps no ports may be one that translates nothing. */
  self->first = self->next = discovery_is_served (discovery) ? 0 : 1;
  /* An IPv6 firewall has no table that a protocol can read. */
  if (plum_gateway_get_family (gateway) == G_SOCKET_FAMILY_IPV6)
    self->next = self->routers->len;
  list_next (self);
}

static int
run_list (char **arguments, char **tail)
{
  Listing self = {
    .session.interrupt_code = PLUMCTL_FAILED,
    .discovery = { .session = &self.session,
                   .any_family = TRUE,
                   .asks_chain = TRUE,
                   .reads_records = TRUE,
                   .done = on_list_done },
    .exit_code = PLUMCTL_OK,
  };
  int exit_code;

  self.cancellable = g_cancellable_new ();
  exit_code = discovery_run (&self.discovery, arguments);
  g_clear_handle_id (&self.timeout_id, g_source_remove);

  g_clear_object (&self.cancellable);
  g_clear_pointer (&self.routers, g_ptr_array_unref);
  g_clear_object (&self.table);
  g_clear_pointer (&self.marks, g_array_unref);
  g_clear_object (&self.own);
  g_clear_object (&self.recorded);
  g_clear_object (&self.beyond);
  return exit_code;
}

const PlumctlCommand plumctl_command_list = {
  .name = "list",
  .arguments = "",
  .summary =
    N_ ("List the router's mappings: * marks own ones, + those made here for other computers"),
  .details =
    N_ ("Only UPnP can list the mappings; PCP and NAT-PMP cannot. No protocol can list the\n"
        "ports that are open in the IPv6 firewall: of these, the ones that plumctl has opened\n"
        "on this router are listed, from its records. The same is true of the mappings of\n"
        "plumctl if the router cannot list them. If the router has a private or shared address,\n"
        "the entries of the router beyond it follow, with its address.\n"
        "\n"
        "Examples:\n"
        "  plumctl list\n"
        "  plumctl list --backend upnp --json\n"
        "\n"
        "Exit status: 0 success, 1 the mappings cannot be listed, 2 usage error,\n"
        "3 no router answered."),
  .options = list_entries,
  .run = run_list,
};
