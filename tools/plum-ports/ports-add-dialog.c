/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ports-add-dialog.h"

#include "ports-text.h"

#include <glib/gi18n-lib.h>

/* A dialog that adds a mapping to the manager. */
struct _PortsAddDialog
{
  AdwWindow parent_instance;

  GtkWidget *internal_row;
  GtkWidget *external_row;
  GtkWidget *description_row;
  AdwComboRow *protocol_row;
  AdwComboRow *family_row;
  GtkLabel *error_label;
  GtkWidget *add_button;

  PlumManager *manager;
};

typedef enum {
  PROP_MANAGER = 1,
  N_PROPS
} PortsAddDialogProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PortsAddDialog, ports_add_dialog, ADW_TYPE_WINDOW)

static const char *
get_text (GtkWidget *row)
{
  return gtk_editable_get_text (GTK_EDITABLE (row));
}

/* The port in the row: 0 if the row is empty, G_MAXUINT if its text is invalid. */
static guint
get_port (GtkWidget *row)
{
  g_autofree char *text = g_strstrip (g_strdup (get_text (row)));
  guint64 port = 0;

  if (*text != '\0' && !g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &port, NULL))
    return G_MAXUINT;

  return (guint) port;
}

static PlumProtocol
get_protocol (PortsAddDialog *self)
{
  return adw_combo_row_get_selected (self->protocol_row) == 0 ? PLUM_PROTOCOL_TCP
                                                              : PLUM_PROTOCOL_UDP;
}

static GSocketFamily
get_family (PortsAddDialog *self)
{
  return adw_combo_row_get_selected (self->family_row) == 0 ? G_SOCKET_FAMILY_IPV4
                                                            : G_SOCKET_FAMILY_IPV6;
}

/* The library lets two equal mappings share a lease, but for a user this is probably an error. */
static gboolean
is_listed (PortsAddDialog *self, guint internal_port)
{
  GListModel *mappings = G_LIST_MODEL (self->manager);

  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PlumMapping) mapping = g_list_model_get_item (mappings, i);

      if (plum_mapping_get_internal_port (mapping) == internal_port &&
          plum_mapping_get_protocol (mapping) == get_protocol (self) &&
          plum_mapping_get_family (mapping) == get_family (self) &&
          plum_mapping_get_state (mapping) != PLUM_STATE_DESTROYING)
        return TRUE;
    }

  return FALSE;
}

static void
mark_row (GtkWidget *row, gboolean invalid)
{
  if (invalid)
    gtk_widget_add_css_class (row, "error");
  else
    gtk_widget_remove_css_class (row, "error");

  gtk_accessible_update_state (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_STATE_INVALID,
                               invalid ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE,
                               -1);
}

static void
show_error (PortsAddDialog *self, const char *message)
{
  gtk_label_set_label (self->error_label, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error_label), message != NULL);
}

static void
on_changed (PortsAddDialog *self)
{
  guint internal_port = get_port (self->internal_row);
  guint external_port = get_port (self->external_row);
  gboolean listed = is_listed (self, internal_port);

  mark_row (self->internal_row, internal_port == G_MAXUINT || listed);
  mark_row (self->external_row, external_port == G_MAXUINT);

  if (internal_port == G_MAXUINT || external_port == G_MAXUINT)
    show_error (self, _ ("A port is a number from 1 to 65535."));
  else if (listed)
    show_error (self, _ ("This port is already in the list."));
  else
    show_error (self, NULL);

  gtk_widget_set_sensitive (self->add_button, internal_port != 0 && internal_port != G_MAXUINT &&
                                                external_port != G_MAXUINT && !listed);
}

static void
on_add_clicked (PortsAddDialog *self)
{
  const char *description = get_text (self->description_row);
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) error = NULL;

  mapping = g_object_new (PLUM_TYPE_MAPPING, "protocol", get_protocol (self), "family",
                          get_family (self), "internal-port", get_port (self->internal_row),
                          "requested-external-port", get_port (self->external_row), "description",
                          *description != '\0' ? description : NULL, NULL);

  if (plum_manager_add_mapping (self->manager, mapping, &error))
    {
      gtk_window_close (GTK_WINDOW (self));
    }
  else
    {
      g_autofree char *text = ports_text_for_error (error);

      show_error (self, text);
    }
}

static void
ports_add_dialog_dispose (GObject *object)
{
  PortsAddDialog *self = PORTS_ADD_DIALOG (object);

  g_clear_object (&self->manager);

  G_OBJECT_CLASS (ports_add_dialog_parent_class)->dispose (object);
}

static void
ports_add_dialog_set_property (GObject *object,
                               guint property_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  PortsAddDialog *self = PORTS_ADD_DIALOG (object);

  switch ((PortsAddDialogProperty) property_id)
    {
    case PROP_MANAGER:
      self->manager = g_value_dup_object (value);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
ports_add_dialog_class_init (PortsAddDialogClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = ports_add_dialog_dispose;
  object_class->set_property = ports_add_dialog_set_property;

  properties[PROP_MANAGER] =
    g_param_spec_object ("manager", NULL, NULL, PLUM_TYPE_MANAGER,
                         G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_DIALOG);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/plum_glib/Ports/ports-add-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PortsAddDialog, internal_row);
  gtk_widget_class_bind_template_child (widget_class, PortsAddDialog, external_row);
  gtk_widget_class_bind_template_child (widget_class, PortsAddDialog, description_row);
  gtk_widget_class_bind_template_child (widget_class, PortsAddDialog, protocol_row);
  gtk_widget_class_bind_template_child (widget_class, PortsAddDialog, family_row);
  gtk_widget_class_bind_template_child (widget_class, PortsAddDialog, error_label);
  gtk_widget_class_bind_template_child (widget_class, PortsAddDialog, add_button);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_add_clicked);
}

static void
ports_add_dialog_init (PortsAddDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWindow *
ports_add_dialog_new (GtkWindow *parent, PlumManager *manager)
{
  return g_object_new (PORTS_TYPE_ADD_DIALOG, "transient-for", parent, "manager", manager, NULL);
}
