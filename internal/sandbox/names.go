package sandbox

import "strings"

// name is how someone writes their name, and how a keyboard without their letters would.
type name struct{ native, latin string }

// origin is where names come from.
type origin struct {
	weight        int
	lang          string // BCP 47
	given, family []name
	familyFirst   bool // no space between the two either, where the script has none
	joined        bool
	utcOffsets    []float64
}

// full puts the two names together as their owner would.
func (o *origin) full(given, family string) string {
	switch {
	case o.joined:
		return family + given
	case o.familyFirst:
		return family + " " + given
	}
	return given + " " + family
}

// names reads a list such as "Zoë=Zoe Max": a word, and its Latin form where it is another.
func names(list string) []name {
	var ns []name
	for word := range strings.FieldsSeq(list) {
		native, latin, ok := strings.Cut(word, "=")
		if !ok {
			latin = native
		}
		ns = append(ns, name{native, latin})
	}
	return ns
}

var origins = []*origin{
	{weight: 20, lang: "en", utcOffsets: []float64{0, 1, -5, -8},
		given:  names("Amelia Benjamin Charlotte Dominic Eleanor Felix Grace Harriet Isaac Jasmine Kieran Lydia Marcus Nadine Oscar Priscilla Quentin Rosalind Seamus=Seamus Tabitha"),
		family: names("Ashworth Blackwood Carrington Dunmore Eastwick Fairbairn Greenhalgh Hollis Ingram Jessop Kettering Lockhart Merriweather Norcross O'Farrell=OFarrell Pemberton Quill Ravenscroft Stanhope Thistlewood")},
	{weight: 9, lang: "de", utcOffsets: []float64{1, 2},
		given:  names("Jürgen=Juergen Käthe=Kaethe Lukas Sören=Soeren Annegret Björn=Bjoern Friederike Götz=Goetz Hannelore Matthias"),
		family: names("Bäcker=Baecker Großmann=Grossmann Hübner=Huebner Köhler=Koehler Schäfer=Schaefer Weiß=Weiss Zöllner=Zoellner Lindemann Vogelsang Brandt")},
	{weight: 7, lang: "fr", utcOffsets: []float64{1, 2},
		given:  names("Aurélie=Aurelie Benoît=Benoit Céline=Celine François=Francois Gaëlle=Gaelle Hélène=Helene Jérôme=Jerome Loïc=Loic Maëlys=Maelys Théo=Theo"),
		family: names("Béranger=Beranger Chrétien=Chretien Desprès=Despres Fournière=Fourniere Lefébure=Lefebure Marchand Pélissier=Pelissier Rousselot Vallée=Vallee Garçon=Garcon")},
	{weight: 7, lang: "es", utcOffsets: []float64{1, 2, -3},
		given:  names("Álvaro=Alvaro Begoña=Begona Inés=Ines Íñigo=Inigo Joaquín=Joaquin Lucía=Lucia Martín=Martin Raúl=Raul Sofía=Sofia Verónica=Veronica"),
		family: names("Ibáñez=Ibanez Núñez=Nunez Peñalver=Penalver Quiñones=Quinones Sepúlveda=Sepulveda Urquijo Yáñez=Yanez Zúñiga=Zuniga Carballo Montalbán=Montalban")},
	{weight: 5, lang: "pt", utcOffsets: []float64{0, -3},
		given:  names("João=Joao Conceição=Conceicao Simão=Simao Inácio=Inacio Luísa=Luisa Mécia=Mecia Tomé=Tome Vitória=Vitoria"),
		family: names("Assunção=Assuncao Brandão=Brandao Falcão=Falcao Guimarães=Guimaraes Magalhães=Magalhaes Simões=Simoes Tavares Vilaça=Vilaca")},
	{weight: 6, lang: "pl", utcOffsets: []float64{1, 2},
		given:  names("Łucja=Lucja Michał=Michal Zbigniew Małgorzata=Malgorzata Bożena=Bozena Paweł=Pawel Świętosław=Swietoslaw Józef=Jozef"),
		family: names("Dąbrowska=Dabrowska Kołodziej=Kolodziej Łukasik=Lukasik Żurawski=Zurawski Wójtowicz=Wojtowicz Śliwińska=Sliwinska Gałązka=Galazka Pawlak")},
	{weight: 4, lang: "cs", utcOffsets: []float64{1, 2},
		given:  names("Bořivoj=Borivoj Žofie=Zofie Tomáš=Tomas Růžena=Ruzena Jiří=Jiri Kateřina=Katerina"),
		family: names("Dvořáček=Dvoracek Kříž=Kriz Řezníková=Reznikova Šimůnek=Simunek Žáková=Zakova Hrubý=Hruby")},
	{weight: 4, lang: "tr", utcOffsets: []float64{3},
		given:  names("Çağla=Cagla Işıl=Isil İsmail=Ismail Gökçe=Gokce Şebnem=Sebnem Ömer=Omer"),
		family: names("Aydoğan=Aydogan Büyükçelik=Buyukcelik Işıkçı=Isikci Şahinöz=Sahinoz Yıldırım=Yildirim Özgür=Ozgur")},
	{weight: 4, lang: "sv", utcOffsets: []float64{1, 2},
		given:  names("Åsa=Asa Göran=Goran Märta=Marta Sölve=Solve Øystein=Oystein Freja"),
		family: names("Ångström=Angstrom Björklund=Bjorklund Ödmark=Odmark Sjöqvist=Sjoqvist Lønborg=Lonborg Hägg=Hagg")},
	{weight: 3, lang: "vi", familyFirst: true, utcOffsets: []float64{7},
		given:  names("Đức=Duc Hạnh=Hanh Tuấn=Tuan Thảo=Thao Vũ=Vu Ngọc=Ngoc"),
		family: names("Nguyễn=Nguyen Trần=Tran Đặng=Dang Phạm=Pham Bùi=Bui Hồ=Ho")},
	{weight: 9, lang: "uk", utcOffsets: []float64{2, 3},
		given:  names("Богдана=Bohdana Василь=Vasyl Ганна=Hanna Дмитро=Dmytro Євген=Yevhen Зоряна=Zoriana Ірина=Iryna Їва=Yiva Любомир=Liubomyr Соломія=Solomiia"),
		family: names("Бондаренко=Bondarenko Галицька=Halytska Ґалаґан=Galagan Дяченко=Diachenko Єременко=Yeremenko Жук=Zhuk Кравець=Kravets Литвин=Lytvyn Ярошенко=Yaroshenko Щербак=Shcherbak")},
	{weight: 3, lang: "bg", utcOffsets: []float64{2, 3},
		given:  names("Цветана=Tsvetana Йордан=Yordan Румяна=Rumyana Здравко=Zdravko Асен=Asen"),
		family: names("Георгиева=Georgieva Хаджиев=Hadzhiev Стоичков=Stoichkov Цонева=Tsoneva Петков=Petkov")},
	{weight: 4, lang: "el", utcOffsets: []float64{2, 3},
		given:  names("Αλέξανδρος=Alexandros Δήμητρα=Dimitra Ευθύμιος=Efthymios Ζωή=Zoi Θάλεια=Thalia Ιωάννα=Ioanna"),
		family: names("Αγγελόπουλος=Angelopoulos Βασιλείου=Vasileiou Καραγιάννη=Karagianni Μαυρίδης=Mavridis Ξενάκης=Xenakis Χατζή=Chatzi")},
	{weight: 4, lang: "ar", utcOffsets: []float64{3, 4},
		given:  names("أحمد=Ahmad ليلى=Layla يوسف=Yusuf مريم=Maryam خالد=Khalid هند=Hind"),
		family: names("الحداد=Alhaddad المصري=Almasri النجار=Alnajjar الخوري=Alkhoury الشامي=Alshami القاسم=Alqasim")},
	{weight: 3, lang: "he", utcOffsets: []float64{2, 3},
		given:  names("נועה=Noa איתן=Eitan יעל=Yael אריאל=Ariel תמר=Tamar"),
		family: names("אלמוג=Almog ברקת=Barkat גולן=Golan שלו=Shalev תבור=Tavor")},
	{weight: 4, lang: "zh", familyFirst: true, joined: true, utcOffsets: []float64{8},
		given:  names("伟=Wei 秀英=Xiuying 建国=Jianguo 晓雯=Xiaowen 子涵=Zihan 俊杰=Junjie"),
		family: names("欧阳=Ouyang 李=Li 陈=Chen 赵=Zhao 周=Zhou 黄=Huang")},
	{weight: 3, lang: "ja", familyFirst: true, utcOffsets: []float64{9},
		given:  names("さくら=Sakura 健太=Kenta 美咲=Misaki 翔=Sho 陽菜=Hina 大輔=Daisuke"),
		family: names("髙橋=Takahashi 渡邉=Watanabe 小林=Kobayashi 中村=Nakamura 山田=Yamada 井上=Inoue")},
	{weight: 3, lang: "ko", familyFirst: true, joined: true, utcOffsets: []float64{9},
		given:  names("민준=Minjun 서연=Seoyeon 지훈=Jihun 하은=Haeun 도윤=Doyun"),
		family: names("김=Kim 박=Park 최=Choi 정=Jung 남궁=Namgung")},
	{weight: 3, lang: "hi", utcOffsets: []float64{5.5},
		given:  names("आरव=Aarav दीपिका=Deepika ईशान=Ishan कविता=Kavita रोहन=Rohan"),
		family: names("अग्रवाल=Agrawal चौधरी=Chaudhary जोशी=Joshi मेहता=Mehta शर्मा=Sharma")},
	{weight: 2, lang: "ka", utcOffsets: []float64{4},
		given:  names("გიორგი=Giorgi ნინო=Nino თამარ=Tamar ლევან=Levan"),
		family: names("ბერიძე=Beridze კაპანაძე=Kapanadze მაისურაძე=Maisuradze გელაშვილი=Gelashvili")},
}

// localPart gives the part before the @ for a name.
func localPart(given, family string) string {
	return strings.ToLower(given + "." + family)
}
