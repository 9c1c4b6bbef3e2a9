/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-window.h"

#include "ports-add-dialog.h"
#include "ports-gateway-group.h"
#include "ports-mapping-row.h"
#include "ports-text.h"
#include "shown-text.h"

#include <glib/gi18n-lib.h>
#include <plum-glib/plum-glib.h>

/* Shows the routers and the mappings of a manager. Both are list models. */
struct _PortsWindow
{
  AdwApplicationWindow parent_instance;

  AdwToastOverlay *toasts;
  GtkWidget *no_router_group;
  AdwActionRow *no_router_row;
  GtkBox *gateways;
  GtkListBox *mappings;

  PlumManager *manager;
  GCancellable *discovering; /* (nullable): set while the routers are queried */
  gboolean is_outdated;      /* a router has appeared that the present query leaves out */
  gboolean closing;
};

G_DEFINE_FINAL_TYPE (PortsWindow, ports_window, ADW_TYPE_APPLICATION_WINDOW)

static void
show_toast (PortsWindow *self, const char *text)
{
  g_autofree char *shown = shown_text_dup (text, "");
  g_autofree char *markup = g_markup_escape_text (shown, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (markup));
}

/* --- The routers --- */

/* The first known external address; NULL if there is none. Free with g_free (). */
static char *
get_external_address (PortsWindow *self)
{
  GListModel *gateways = plum_manager_get_gateways (self->manager);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);
      GInetAddress *address = plum_gateway_get_external_address (gateway);

      if (address != NULL)
        return g_inet_address_to_string (address);
    }

  return NULL;
}

static void
on_external_address (PortsWindow *self)
{
  g_autofree char *address = get_external_address (self);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.copy-address", address != NULL);
}

static void
on_gateways_changed (
  PortsWindow *self, guint position, guint n_removed, guint n_added, GListModel *gateways)
{
  GListModel *backends = plum_manager_get_backends (self->manager);
  GtkWidget *group;

  if (self->closing) /* a closed manager has no routers: keep showing the last ones */
    return;

  while ((group = gtk_widget_get_first_child (GTK_WIDGET (self->gateways))) != NULL)
    gtk_box_remove (self->gateways, group);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      group = ports_gateway_group_new (gateway, backends);
      if (i > 0 && plum_gateway_get_family (gateway) == G_SOCKET_FAMILY_IPV4)
        adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group),
                                         _ ("Router of Another Network"));
      gtk_box_append (self->gateways, group);

      /* A router that stayed in the list is already connected. */
      g_signal_handlers_disconnect_by_func (gateway, on_external_address, self);
      g_signal_connect_object (gateway, "notify::external-address",
                               G_CALLBACK (on_external_address), self, G_CONNECT_SWAPPED);
    }

  gtk_widget_set_visible (self->no_router_group, g_list_model_get_n_items (gateways) == 0);
  gtk_widget_set_visible (GTK_WIDGET (self->gateways), g_list_model_get_n_items (gateways) != 0);
  on_external_address (self);

  /* The router appeared with a network and has not been queried yet. */
  if (n_added > 0 && self->discovering == NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.search-again", NULL);
  else if (n_added > 0)
    self->is_outdated = TRUE;
}

static void
show_no_router (PortsWindow *self, const GError *error)
{
  g_autofree char *text = error != NULL ? ports_text_for_error (error) : NULL;

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->no_router_row),
                                 error != NULL ? _ ("No router found")
                                               : _ ("Searching for the router…"));
  adw_action_row_set_subtitle (self->no_router_row, text);
}

static void
on_discovered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PortsWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->discovering);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.search-again", TRUE);

  if (!plum_manager_discover_finish (PLUM_MANAGER (object), result, &error))
    show_no_router (self, error);
  if (self->is_outdated && !self->closing)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.search-again", NULL);
}

static void
search_again (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  PortsWindow *self = PORTS_WINDOW (widget);

  self->discovering = g_cancellable_new ();
  gtk_widget_action_set_enabled (widget, "win.search-again", FALSE);
  show_no_router (self, NULL);
  plum_manager_discover_async (self->manager, self->discovering, on_discovered,
                               g_object_ref (self));
  self->is_outdated = FALSE; /* the routers of now are queried */
}

/* --- The ports --- */

static GtkWidget *
create_mapping_row (gpointer item, gpointer user_data)
{
  return ports_mapping_row_new (item);
}

static void
add_activated (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  PortsWindow *self = PORTS_WINDOW (widget);

  gtk_window_present (ports_add_dialog_new (GTK_WINDOW (self), self->manager));
}

typedef struct
{
  PortsWindow *window;
  PlumMapping *mapping;
} Removal;

static void
removal_free (Removal *removal)
{
  g_object_unref (removal->window);
  g_object_unref (removal->mapping);
  g_free (removal);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Removal, removal_free)

/* The port has left the list in any case; the result may still matter to the user. */
static void
on_removed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Removal) removal = user_data;
  g_autofree char *port = ports_text_for_port (removal->mapping);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!plum_manager_destroy_mapping_finish (PLUM_MANAGER (object), result, &error))
    text = g_strdup (error->message);
  else if (plum_mapping_get_error (removal->mapping) != NULL)
    text = g_strdup_printf (
      /* Translators: the name of a port, such as “TCP 8080”. */
      _ ("%s removed, but the router did not confirm the removal"), port);
  else
    text = g_strdup_printf (
      /* Translators: the name of a port, such as “TCP 8080”. */
      _ ("%s removed"), port);

  show_toast (removal->window, text);
}

static void
window_remove_activated (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  PortsWindow *self = PORTS_WINDOW (widget);
  guint id = g_variant_get_uint32 (parameter);
  PlumMapping *mapping = plum_manager_lookup_mapping (self->manager, id);
  Removal *removal;

  if (mapping == NULL)
    return;

  removal = g_new0 (Removal, 1);
  removal->window = g_object_ref (self);
  removal->mapping = g_object_ref (mapping);
  plum_manager_destroy_mapping_async (self->manager, id, NULL, on_removed, removal);
}

/* --- The clipboard --- */

static void
copy_text (PortsWindow *self, const char *text)
{
  g_autofree char *message = g_strdup_printf (
    /* Translators: an address, or an address and a port. */
    _ ("%s copied"), text);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  show_toast (self, message);
}

static void
window_copy_activated (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  copy_text (PORTS_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
copy_address_activated (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  PortsWindow *self = PORTS_WINDOW (widget);
  g_autofree char *address = get_external_address (self);

  if (address != NULL)
    copy_text (self, address);
}

/* --- Closing --- */

static void
on_closed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PortsWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  /* The window closes in any case, so print the error for the user to find. */
  if (!plum_manager_close_finish (PLUM_MANAGER (object), result, &error))
    g_printerr ("plum-ports: %s\n", error->message);

  gtk_window_destroy (GTK_WINDOW (self));
}

/* Removes the mappings before the window closes; the library limits how long this takes. A
 * second request closes the window at once. */
static gboolean
ports_window_close_request (GtkWindow *window)
{
  PortsWindow *self = PORTS_WINDOW (window);

  if (self->closing)
    return GTK_WINDOW_CLASS (ports_window_parent_class)->close_request (window);

  self->closing = TRUE;
  g_cancellable_cancel (self->discovering);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.add", FALSE);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.search-again", FALSE);
  plum_manager_close_async (self->manager, NULL, on_closed, g_object_ref (self));

  return GDK_EVENT_STOP;
}

static void
ports_window_dispose (GObject *object)
{
  PortsWindow *self = PORTS_WINDOW (object);

  if (self->mappings != NULL)
    gtk_list_box_bind_model (self->mappings, NULL, NULL, NULL, NULL);
  self->mappings = NULL;
  g_clear_object (&self->discovering);
  g_clear_object (&self->manager);

  G_OBJECT_CLASS (ports_window_parent_class)->dispose (object);
}

static void
ports_window_class_init (PortsWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GtkWindowClass *window_class = GTK_WINDOW_CLASS (klass);

  object_class->dispose = ports_window_dispose;
  window_class->close_request = ports_window_close_request;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/plum_glib/Ports/ports-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PortsWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, PortsWindow, no_router_group);
  gtk_widget_class_bind_template_child (widget_class, PortsWindow, no_router_row);
  gtk_widget_class_bind_template_child (widget_class, PortsWindow, gateways);
  gtk_widget_class_bind_template_child (widget_class, PortsWindow, mappings);

  gtk_widget_class_install_action (widget_class, "win.add", NULL, add_activated);
  gtk_widget_class_install_action (widget_class, "win.search-again", NULL, search_again);
  gtk_widget_class_install_action (widget_class, "win.copy-address", NULL, copy_address_activated);
  gtk_widget_class_install_action (widget_class, "win.copy", "s", window_copy_activated);
  gtk_widget_class_install_action (widget_class, "win.remove", "u", window_remove_activated);
}

/* If the program is killed, its next run removes the mappings. */
static PlumManager *
create_manager (void)
{
  PlumManager *manager = plum_manager_new ();
  g_autofree char *state = g_build_filename (g_get_user_state_dir (), "plum-ports", NULL);

  plum_manager_set_application_name (manager, "Ports");
  plum_manager_set_state_directory (manager, state);

  return manager;
}

static void
ports_window_init (PortsWindow *self)
{
  GListModel *gateways;

  gtk_widget_init_template (GTK_WIDGET (self));

  self->manager = create_manager ();
  gtk_list_box_bind_model (self->mappings, G_LIST_MODEL (self->manager), create_mapping_row, NULL,
                           NULL);

  gateways = plum_manager_get_gateways (self->manager);
  g_signal_connect_object (gateways, "items-changed", G_CALLBACK (on_gateways_changed), self,
                           G_CONNECT_SWAPPED);
  on_gateways_changed (self, 0, 0, 0, gateways);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.search-again", NULL);
}

PortsWindow *
ports_window_new (GtkApplication *application)
{
  return g_object_new (PORTS_TYPE_WINDOW, "application", application, NULL);
}
