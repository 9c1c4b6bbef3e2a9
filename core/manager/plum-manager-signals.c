/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-manager-private.h"

typedef enum {
  MAPPING_STATE_CHANGED,
  MAPPING_CHANGED,
  N_SIGNALS
} PlumManagerSignal;

static guint manager_signals[N_SIGNALS];

/* Calls the handler of mapping-state-changed, if there is only one, without libffi. */
static void
marshal_state_changed (GClosure *closure,
                       GValue *result,
                       gpointer instance,
                       va_list arguments,
                       gpointer marshal_data,
                       int n_params,
                       GType *param_types)
{
  typedef void (*Handler) (gpointer data1, PlumMapping * mapping, int old_state, gpointer data2);
  Handler handler =
    (Handler) (marshal_data != NULL ? marshal_data : ((GCClosure *) closure)->callback);
  g_autoptr (PlumMapping) mapping = NULL;
  int old_state;
  va_list copy;

  va_copy (copy, arguments);
  /* clang-tidy 14 does not know that va_copy() initializes it. */
  mapping = g_object_ref (va_arg (copy, PlumMapping *)); /* NOLINT */
  old_state = va_arg (copy, int);                        /* NOLINT */
  va_end (copy);

  if (G_CCLOSURE_SWAP_DATA (closure))
    handler (closure->data, mapping, old_state, instance);
  else
    handler (instance, mapping, old_state, closure->data);
}

void
plum_manager_create_signals (void)
{
  /**
   * PlumManager::mapping-state-changed:
   * @self: the manager
   * @mapping: a mapping of this manager
   * @old_state: the previous state
   *
   * Emitted when the state of a mapping has changed, after `notify::state` of the mapping.
   *
   * A mapping that is destroyed has already been removed from the list.
   *
   * Since: 1.0
   */
  manager_signals[MAPPING_STATE_CHANGED] =
    g_signal_new ("mapping-state-changed", PLUM_TYPE_MANAGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 2, PLUM_TYPE_MAPPING, PLUM_TYPE_STATE);
  g_signal_set_va_marshaller (manager_signals[MAPPING_STATE_CHANGED], PLUM_TYPE_MANAGER,
                              marshal_state_changed);

  /**
   * PlumManager::mapping-changed:
   * @self: the manager
   * @mapping: a mapping of this manager
   *
   * Emitted after [signal@Plum.Mapping::changed] of a mapping.
   *
   * Since: 1.0
   */
  manager_signals[MAPPING_CHANGED] =
    g_signal_new ("mapping-changed", PLUM_TYPE_MANAGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, PLUM_TYPE_MAPPING);
}

void
plum_manager_emit_mapping_state_changed (PlumManager *self,
                                         PlumMapping *mapping,
                                         PlumState old_state)
{
  g_signal_emit (self, manager_signals[MAPPING_STATE_CHANGED], 0, mapping, old_state);
}

void
plum_manager_emit_mapping_changed (PlumManager *self, PlumMapping *mapping)
{
  g_signal_emit (self, manager_signals[MAPPING_CHANGED], 0, mapping);
}
