/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-main-context-private.h"
#include "plum-manager-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

static gboolean
check_names (const char *backend_name, const char *key, GError **error)
{
  if (!plum_backend_info_is_valid_name (backend_name))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("“%s” is not a valid name of a backend: it must match %s"), backend_name,
                 "[a-z][a-z0-9-]*");
  else if (!plum_backend_info_is_valid_name (key))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("“%s” is not a valid name of an option: it must match %s"), key,
                 "[a-z][a-z0-9-]*");
  else
    return TRUE;

  return FALSE;
}

/**
 * plum_manager_set_backend_option:
 * @self: a manager
 * @backend_name: the name of a backend, such as `upnp`
 * @key: the key of the option, such as `location`; it matches `[a-z][a-z0-9-]*`
 * @value: (nullable): the value; %NULL removes the option. If it is floating, it is consumed
 * @error: return location for an error
 *
 * Sets an option of a backend.
 *
 * The library passes the value to the backend and does not read it. The documentation of the
 * backend lists its options; a backend ignores the options that it does not know. The backend need
 * not be loaded yet.
 *
 * If the manager already uses its gateways, it creates the backends again, and requests all
 * mappings again. Set the options before the first mapping.
 *
 * Options of the backends of this library:
 *
 * - `upnp`, `location`, a string: the URL of the description of the router, such as
 *   `http://192.168.1.1:5000/rootDesc.xml`. The backend then does not search. The host must be an
 * IP address: that of the gateway, or of another host on its network.
 *
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT if @backend_name or @key does not match the pattern;
 * %G_IO_ERROR_CLOSED if the manager is closed.
 *
 * Returns: %TRUE if the option was set
 *
 * Since: 1.0
 */
gboolean
plum_manager_set_backend_option (
  PlumManager *self, const char *backend_name, const char *key, GVariant *value, GError **error)
{
  g_autoptr (GVariant) owned = value != NULL ? g_variant_ref_sink (value) : NULL;
  GVariant *old;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), FALSE);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, FALSE);
  g_return_val_if_fail (backend_name != NULL, FALSE);
  g_return_val_if_fail (key != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!plum_manager_check_open (self, error) || !check_names (backend_name, key, error))
    return FALSE;

  old = plum_settings_lookup_option (self->settings.options, backend_name, key);
  if (old == owned || (old != NULL && owned != NULL && g_variant_equal (old, owned)))
    return TRUE;

  PLUM_SIGNAL_SCOPE (self->signals);
  plum_settings_set_option (&self->settings, backend_name, key, owned);
  plum_gateway_set_reset (self->gateways);
  return TRUE;
}

/**
 * plum_manager_dup_backend_option:
 * @self: a manager
 * @backend_name: the name of a backend
 * @key: the key of the option
 *
 * Gets an option that was set with [method@Plum.Manager.set_backend_option].
 *
 * Returns: (transfer full) (nullable): the value; %NULL if the option is not set
 *
 * Since: 1.0
 */
GVariant *
plum_manager_dup_backend_option (PlumManager *self, const char *backend_name, const char *key)
{
  GVariant *value;

  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);
  g_return_val_if_fail (backend_name != NULL, NULL);
  g_return_val_if_fail (key != NULL, NULL);

  value = plum_settings_lookup_option (self->settings.options, backend_name, key);
  return value != NULL ? g_variant_ref (value) : NULL;
}

/**
 * plum_manager_add_backend_type:
 * @self: a manager
 * @type: a type derived from [class@Plum.Backend]
 * @name: a short name, such as `pcp`, that matches `[a-z][a-z0-9-]*`
 * @priority: the priority; for a new mapping, higher values are tried first
 * @error: return location for an error
 *
 * Adds a backend that is part of the program.
 *
 * It takes precedence over a module of the same name.
 *
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT if @name does not match the pattern, or @type is abstract or
 * is not derived from [class@Plum.Backend]; %G_IO_ERROR_EXISTS if the program has added a backend
 * with this name before; %G_IO_ERROR_CLOSED if the manager is closed.
 *
 * Returns: %TRUE if the backend was added
 *
 * Since: 1.0
 */
gboolean
plum_manager_add_backend_type (
  PlumManager *self, GType type, const char *name, int priority, GError **error)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), FALSE);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!plum_manager_check_open (self, error) ||
      !plum_backend_list_check_type (self->backends, type, name, error))
    return FALSE;

  PLUM_SIGNAL_SCOPE (self->signals);
  if (plum_backend_list_add (self->backends,
                             plum_backend_info_new (name, NULL, priority, NULL, NULL, type, NULL)))
    plum_gateway_set_reset (self->gateways);

  return TRUE;
}
