// What every page loads. Each module looks for its own data- attributes; none of them is needed to
// get a thing done: links and forms work without.
import "./js/requests.js";
import "./js/once.js";
import "./js/confirm.js";
import "./js/dialogs.js";
import "./js/menu.js";
import "./js/sheet.js";
import "./js/theme.js";
import "./js/keyboard.js";
import "./js/walk.js";
import "./js/search.js";
import "./js/selection.js";
import "./js/guard.js";
import "./js/autosubmit.js";
import "./js/keep.js";
import "./js/fill.js";
import "./js/dates.js";
import "./js/upload.js";
import "./js/reorder.js";
import "./js/gallery.js";
import "./js/clock.js";
import "./js/copy.js";
