/**
 * {@code hawser demo}: what Hawser is for, shown in one command without any preparation. Three
 * processes train a model on data that none of them may see whole, over lanes. Everything it uses
 * is what {@code hawser spu} uses.
 */
package org.hawser.cli.demo;
