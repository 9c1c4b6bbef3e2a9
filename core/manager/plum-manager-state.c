/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties that must be set before the manager is in use. */

#include "plum-main-context-private.h"
#include "plum-manager-private.h"

static gboolean
plum_manager_check_unused (PlumManager *self, const char *what)
{
  if (!self->closed && !plum_gateway_set_is_used (self->gateways))
    return TRUE;

  g_critical ("%s cannot change: the manager is in use", what);
  return FALSE;
}

/**
 * plum_manager_get_state_directory: (get-property state-directory)
 * @self: a manager
 *
 * Gets the directory where the manager keeps a record of its mappings.
 *
 * Returns: (nullable): the path, or %NULL if no record is kept
 *
 * Since: 1.0
 */
const char *
plum_manager_get_state_directory (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), NULL);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, NULL);

  return self->state_directory;
}

/**
 * plum_manager_set_state_directory: (set-property state-directory)
 * @self: a manager
 * @state_directory: (nullable): a path, or %NULL to keep no record
 *
 * Sets the directory where the manager keeps a record of its mappings.
 *
 * The directory cannot change once the manager is in use: from the first mapping, discovery or
 * query of recorded mappings on, and after the manager is closed. It is a programming error to
 * call this function then.
 *
 * Since: 1.0
 */
void
plum_manager_set_state_directory (PlumManager *self, const char *state_directory)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);

  if (g_strcmp0 (self->state_directory, state_directory) == 0)
    return;

  if (!plum_manager_check_unused (self, "The state directory"))
    return;

  g_free (self->state_directory);
  self->state_directory = g_strdup (state_directory);
  plum_manager_notify (self, PROP_STATE_DIRECTORY);
}

/**
 * plum_manager_get_state_read_only: (get-property state-read-only)
 * @self: a manager
 *
 * Gets whether the records in the state directory are only read.
 *
 * Returns: %TRUE if the manager changes nothing there
 *
 * Since: 1.0
 */
gboolean
plum_manager_get_state_read_only (PlumManager *self)
{
  g_return_val_if_fail (PLUM_IS_MANAGER (self), FALSE);
  PLUM_RETURN_VAL_IF_OTHER_THREAD (self->context, FALSE);

  return self->state_read_only;
}

/**
 * plum_manager_set_state_read_only: (set-property state-read-only)
 * @self: a manager
 * @state_read_only: whether to change nothing in the state directory
 *
 * Sets whether the records in the state directory are only read.
 *
 * It cannot change once the manager is in use, as [method@Plum.Manager.set_state_directory].
 *
 * Since: 1.0
 */
void
plum_manager_set_state_read_only (PlumManager *self, gboolean state_read_only)
{
  g_return_if_fail (PLUM_IS_MANAGER (self));
  PLUM_RETURN_IF_OTHER_THREAD (self->context);

  state_read_only = !!state_read_only;
  if (self->state_read_only == state_read_only ||
      !plum_manager_check_unused (self, "The use of the state directory"))
    return;

  self->state_read_only = state_read_only;
  plum_manager_notify (self, PROP_STATE_READ_ONLY);
}
