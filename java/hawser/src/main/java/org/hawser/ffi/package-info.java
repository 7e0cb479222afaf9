/**
 * The only package that calls native code: it finds and loads the library, and holds every downcall
 * handle, upcall stub and struct layout of Hawser. The layers above see plain Java types and
 * offsets, never a {@code Linker}. It is exported to Hawser's own modules alone, and may change in
 * any release.
 */
package org.hawser.ffi;
