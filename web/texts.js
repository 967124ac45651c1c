// The page's own texts, one row a text: en, ar, zh, fr, ru, es. Everything else comes translated from the server.
export const languages = { en: "English", ar: "العربية", zh: "中文", fr: "Français", ru: "Русский", es: "Español" };
const order = ["en", "ar", "zh", "fr", "ru", "es"];
const rows = {
  skip: ["Skip to the content", "تخطَّ إلى المحتوى", "跳到内容", "Aller au contenu", "Перейти к содержанию", "Ir al contenido"],
  kinds: ["Kinds of records", "أنواع السجلات", "记录种类", "Types d’enregistrements", "Виды записей", "Tipos de registros"],
  language: ["Language", "اللغة", "语言", "Langue", "Язык", "Idioma"],
  signIn: ["Sign in", "تسجيل الدخول", "登录", "Se connecter", "Войти", "Iniciar sesión"],
  signOut: ["Sign out", "تسجيل الخروج", "退出", "Se déconnecter", "Выйти", "Cerrar sesión"],
  name: ["Sign-in name", "اسم الدخول", "登录名", "Identifiant", "Имя для входа", "Nombre de usuario"],
  password: ["Password", "كلمة المرور", "密码", "Mot de passe", "Пароль", "Contraseña"],
  newPassword: ["New password (12 characters or more)", "كلمة مرور جديدة (12 حرفا أو أكثر)", "新密码（至少12个字符）", "Nouveau mot de passe (12 caractères ou plus)", "Новый пароль (не менее 12 знаков)", "Contraseña nueva (12 caracteres o más)"],
  setPassword: ["Set password", "تعيين كلمة المرور", "设置密码", "Définir le mot de passe", "Задать пароль", "Fijar contraseña"],
  later: ["Later", "لاحقا", "以后", "Plus tard", "Позже", "Más tarde"],
  welcome: ["You are signed in. Choose a kind of record.", "تم تسجيل دخولك. اختر نوعا من السجلات.", "您已登录。请选择一种记录。", "Vous êtes connecté. Choisissez un type d’enregistrement.", "Вы вошли. Выберите вид записей.", "Ha iniciado sesión. Elija un tipo de registro."],
  find: ["Find by name", "البحث بالاسم", "按名称查找", "Chercher par nom", "Найти по названию", "Buscar por nombre"],
  create: ["New", "جديد", "新建", "Nouveau", "Создать", "Nuevo"],
  edit: ["Edit", "تعديل", "编辑", "Modifier", "Изменить", "Editar"],
  save: ["Save", "حفظ", "保存", "Enregistrer", "Сохранить", "Guardar"],
  cancel: ["Cancel", "إلغاء", "取消", "Annuler", "Отмена", "Cancelar"],
  saved: ["Saved", "تم الحفظ", "已保存", "Enregistré", "Сохранено", "Guardado"],
  more: ["Next page", "الصفحة التالية", "下一页", "Page suivante", "Следующая страница", "Página siguiente"],
  all: ["All", "الكل", "全部", "Tous", "Все", "Todos"],
  records: ["records", "سجلات", "条记录", "enregistrements", "записей", "registros"],
  history: ["History", "السجل التاريخي", "历史", "Historique", "История", "Historial"],
  steps: ["Next steps", "الخطوات التالية", "后续步骤", "Étapes suivantes", "Дальнейшие шаги", "Próximos pasos"],
  state: ["State", "الحالة", "状态", "État", "Состояние", "Estado"],
  changed: ["Something changed; the list was renewed", "حدث تغيير وجُددت القائمة", "内容有变，列表已更新", "Un changement a eu lieu ; la liste a été actualisée", "Данные изменились, список обновлён", "Hubo un cambio; la lista se actualizó"],
  hidden: ["Hidden from you", "محجوب عنك", "对您隐藏", "Masqué pour vous", "Скрыто от вас", "Oculto para usted"],
  required: ["required", "إلزامي", "必填", "obligatoire", "обязательно", "obligatorio"],
};
export const text = (lang, name) => rows[name][order.indexOf(lang)] || rows[name][0];
