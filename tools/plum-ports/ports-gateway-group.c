/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-gateway-group.h"

#include "ports-text.h"
#include "router-chain.h"

#include <glib/gi18n-lib.h>

/* A router: its external address, and the outcome of every protocol. */
struct _PortsGatewayGroup
{
  AdwPreferencesGroup parent_instance;

  AdwActionRow *address_row;
  GtkWidget *copy_button;
  AdwActionRow *path_row; /* hidden if there is no other router */
  AdwExpanderRow *probes_row;

  PlumGateway *gateway;
  RouterChain chain;    /* the last search; empty before it */
  gboolean seeks_again; /* the address has changed during the search */
  GListModel *backends; /* of PlumBackendInfo, for the descriptions */
  GPtrArray *rows;      /* rows of probes_row, one per probe */
};

typedef enum {
  GATEWAY_GROUP_PROP_GATEWAY = 1,
  GATEWAY_GROUP_PROP_BACKENDS,
  GATEWAY_GROUP_N_PROPS
} PortsGatewayGroupProperty;

static GParamSpec *gateway_group_properties[GATEWAY_GROUP_N_PROPS];

static void seek_chain (PortsGatewayGroup *self);

G_DEFINE_FINAL_TYPE (PortsGatewayGroup, ports_gateway_group, ADW_TYPE_PREFERENCES_GROUP)

/* The description of a backend: "Port Control Protocol (RFC 6887)" for "pcp". (nullable), free with
 * g_free (). */
static char *
get_description (PortsGatewayGroup *self, const char *name)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->backends); i++)
    {
      g_autoptr (PlumBackendInfo) info = g_list_model_get_item (self->backends, i);

      if (g_strcmp0 (plum_backend_info_get_name (info), name) == 0)
        return g_strdup (plum_backend_info_get_description (info));
    }

  return NULL;
}

static gboolean
is_pending (GListModel *probes)
{
  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);

      if (plum_probe_get_outcome (probe) == PLUM_PROBE_PENDING)
        return TRUE;
    }

  return FALSE;
}

static void
show_backend (PortsGatewayGroup *self)
{
  const char *name = plum_gateway_get_backend_name (self->gateway);
  g_autofree char *description = get_description (self, name);
  g_autofree char *text = NULL;

  if (name != NULL)
    text = ports_text_for_backend_in_use (name, description);
  else if (is_pending (plum_gateway_get_probes (self->gateway)))
    text = g_strdup (_ ("Querying the router…"));
  else if (plum_gateway_get_address (self->gateway) == NULL)
    text = g_strdup (_ ("No router is on this path, as with a VPN or a mobile network."));
  else
    text = g_strdup (
      _ ("The router offers no port mapping. Enable UPnP, NAT-PMP or PCP in its settings."));

  adw_expander_row_set_subtitle (self->probes_row, text);
}

static const char *
get_icon (PlumProbeOutcome outcome)
{
  switch (outcome)
    {
    case PLUM_PROBE_PENDING:
      return "content-loading-symbolic";
    case PLUM_PROBE_SUCCESS:
      return "emblem-ok-symbolic";
    case PLUM_PROBE_TIMED_OUT:
    case PLUM_PROBE_REFUSED:
    case PLUM_PROBE_FAILED:
    default:
      return "window-close-symbolic";
    }
}

static void
show_probe (AdwActionRow *row, GParamSpec *pspec, PlumProbe *probe)
{
  g_autofree char *text = ports_text_for_probe (probe);

  adw_action_row_set_subtitle (row, text);
  adw_action_row_set_icon_name (row, get_icon (plum_probe_get_outcome (probe)));
}

static GtkWidget *
create_probe_row (PortsGatewayGroup *self, PlumProbe *probe)
{
  const char *name = plum_probe_get_name (probe);
  g_autofree char *description = get_description (self, name);
  g_autofree char *title = ports_text_for_backend (name, description);
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  g_signal_connect_object (probe, "notify", G_CALLBACK (show_probe), row, G_CONNECT_SWAPPED);
  g_signal_connect_object (probe, "notify::outcome", G_CALLBACK (show_backend), self,
                           G_CONNECT_SWAPPED);
  show_probe (ADW_ACTION_ROW (row), NULL, probe);

  return row;
}

/* An expander row is not a list box and cannot be bound to a model. */
static void
show_probes (
  PortsGatewayGroup *self, guint position, guint n_removed, guint n_added, GListModel *probes)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_expander_row_remove (self->probes_row, self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);

  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);
      GtkWidget *row = create_probe_row (self, probe);

      adw_expander_row_add_row (self->probes_row, row);
      g_ptr_array_add (self->rows, row);
    }

  show_backend (self);
}

static void
show_address (PortsGatewayGroup *self)
{
  GInetAddress *address = plum_gateway_get_external_address (self->gateway);
  g_autofree char *text = address != NULL ? g_inet_address_to_string (address) : NULL;
  g_autofree char *title = text != NULL ? g_strdup_printf (_ ("External address %s"), text)
                                        : g_strdup (_ ("External address unknown"));
  g_autofree char *scope = ports_text_for_scope (plum_gateway_get_external_scope (self->gateway));

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->address_row), title);
  adw_action_row_set_subtitle (self->address_row, text != NULL ? scope : NULL);
  gtk_widget_set_visible (self->copy_button, text != NULL);
  if (text != NULL)
    {
      gtk_actionable_set_action_target (GTK_ACTIONABLE (self->copy_button), "s", text);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (self->copy_button), "win.copy");
    }
}

/* The routers beyond this one, without a mapping. */
static void
on_chain_known (RouterChain *chain)
{
  g_autoptr (PortsGatewayGroup) self = chain->user_data;
  g_autofree char *text = ports_text_for_chain (chain);

  adw_action_row_set_subtitle (self->path_row, text);
  if (!self->seeks_again)
    return;

  self->seeks_again = FALSE;
  seek_chain (self);
}

/* The group stays alive until the search has ended. */
static void
seek_chain (PortsGatewayGroup *self)
{
  gboolean needed = router_chain_is_needed (self->gateway);

  gtk_widget_set_visible (GTK_WIDGET (self->path_row), needed);
  if (self->chain.seeking)
    {
      self->seeks_again = TRUE;
      return;
    }
  if (!needed)
    return;

  router_chain_clear (&self->chain);
  self->chain.done = on_chain_known;
  self->chain.user_data = g_object_ref (self);
  adw_action_row_set_subtitle (self->path_row, _ ("Looking for the next router…"));
  router_chain_init (&self->chain, self->gateway);
  router_chain_seek (&self->chain, NULL);
}

static void
show_router (PortsGatewayGroup *self)
{
  g_autofree char *router = ports_text_for_router (self->gateway);
  g_autofree char *own = g_inet_address_to_string (plum_gateway_get_local_address (self->gateway));
  g_autofree char *text = g_strdup_printf (
    /* Translators: the name or the address of a router, a network interface, an address. */
    _ ("%s on %s; this computer has the address %s"), router,
    plum_gateway_get_interface (self->gateway), own);
  g_autofree char *markup = g_markup_escape_text (text, -1);

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self),
                                   plum_gateway_get_family (self->gateway) == G_SOCKET_FAMILY_IPV6
                                     ? _ ("Router for IPv6")
                                     : _ ("Router"));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (self), markup);
}

static void
ports_gateway_group_constructed (GObject *object)
{
  PortsGatewayGroup *self = PORTS_GATEWAY_GROUP (object);
  GListModel *probes = plum_gateway_get_probes (self->gateway);

  G_OBJECT_CLASS (ports_gateway_group_parent_class)->constructed (object);

  g_signal_connect_object (probes, "items-changed", G_CALLBACK (show_probes), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->gateway, "notify::external-address", G_CALLBACK (show_address),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->gateway, "notify::external-scope", G_CALLBACK (show_address), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->gateway, "notify::external-address", G_CALLBACK (seek_chain), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->gateway, "notify::backend-name", G_CALLBACK (seek_chain), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->gateway, "notify::backend-name", G_CALLBACK (show_backend), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->gateway, "notify::manufacturer", G_CALLBACK (show_router), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->gateway, "notify::model", G_CALLBACK (show_router), self,
                           G_CONNECT_SWAPPED);
  show_router (self);
  show_address (self);
  show_probes (self, 0, 0, 0, probes);
  seek_chain (self);
}

static void
ports_gateway_group_dispose (GObject *object)
{
  PortsGatewayGroup *self = PORTS_GATEWAY_GROUP (object);

  g_clear_pointer (&self->rows, g_ptr_array_unref);
  router_chain_clear (&self->chain);
  g_clear_object (&self->gateway);
  g_clear_object (&self->backends);

  G_OBJECT_CLASS (ports_gateway_group_parent_class)->dispose (object);
}

static void
ports_gateway_group_set_property (GObject *object,
                                  guint property_id,
                                  const GValue *value,
                                  GParamSpec *pspec)
{
  PortsGatewayGroup *self = PORTS_GATEWAY_GROUP (object);

  switch ((PortsGatewayGroupProperty) property_id)
    {
    case GATEWAY_GROUP_PROP_GATEWAY:
      self->gateway = g_value_dup_object (value);
      break;
    case GATEWAY_GROUP_PROP_BACKENDS:
      self->backends = g_value_dup_object (value);
      break;
    case GATEWAY_GROUP_N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
ports_gateway_group_class_init (PortsGatewayGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->constructed = ports_gateway_group_constructed;
  object_class->dispose = ports_gateway_group_dispose;
  object_class->set_property = ports_gateway_group_set_property;

  gateway_group_properties[GATEWAY_GROUP_PROP_GATEWAY] =
    g_param_spec_object ("gateway", NULL, NULL, PLUM_TYPE_GATEWAY, flags);
  gateway_group_properties[GATEWAY_GROUP_PROP_BACKENDS] =
    g_param_spec_object ("backends", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  g_object_class_install_properties (object_class, GATEWAY_GROUP_N_PROPS, gateway_group_properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/plum_glib/Ports/ports-gateway-group.ui");
  gtk_widget_class_bind_template_child (widget_class, PortsGatewayGroup, address_row);
  gtk_widget_class_bind_template_child (widget_class, PortsGatewayGroup, copy_button);
  gtk_widget_class_bind_template_child (widget_class, PortsGatewayGroup, path_row);
  gtk_widget_class_bind_template_child (widget_class, PortsGatewayGroup, probes_row);
}

static void
ports_gateway_group_init (PortsGatewayGroup *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
ports_gateway_group_new (PlumGateway *gateway, GListModel *backends)
{
  return g_object_new (PORTS_TYPE_GATEWAY_GROUP, "gateway", gateway, "backends", backends, NULL);
}
